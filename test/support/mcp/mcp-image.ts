import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { ENGINE_HOST } from '../engine.js';

/** An image whose program is an MCP server over stdio, made when it is not there yet. In a process of its own: esbuild does not run in Jest's. */
export async function mcpImage(): Promise<string> {
  const args = [resolve('test/support/mcp/make-image.mjs'), ENGINE_HOST];
  return (await promisify(execFile)(process.execPath, args)).stdout;
}
