import type { TerminalSize } from '../../domain/runtime/exec-session.js';

/** Columns or rows. */
export const LARGEST_SIZE = 1000;

const isSize = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= LARGEST_SIZE;

/** Reads `{"resize": {"cols": 120, "rows": 40}}`; null when it is anything else. */
export function readControl(text: string): TerminalSize | null {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof message !== 'object' || message === null || !('resize' in message)) return null;
  const { resize, ...others } = message;
  if (typeof resize !== 'object' || resize === null || Object.keys(others).length > 0) return null;
  const { cols, rows, ...more } = resize as Record<string, unknown>;
  return isSize(cols) && isSize(rows) && Object.keys(more).length === 0 ? { columns: cols, rows } : null;
}
