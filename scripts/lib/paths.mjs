import { fileURLToPath } from 'node:url';

/** The project's root folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param {string} path relative to the root */
export const fromRoot = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
