import { dirname } from 'node:path';
import { BUNDLE } from './bundle.js';

const [major = 0] = process.versions.node.split('.').map(Number);

/** As the process runtime starts it: its own folder and the program, no child processes. */
export const RESTRICTED = (folder: string): readonly string[] => [
  major >= 23 ? '--permission' : '--experimental-permission',
  `--allow-fs-read=${dirname(BUNDLE)}`,
  `--allow-fs-read=${folder}`,
  `--allow-fs-write=${folder}`,
  '--allow-worker',
];
