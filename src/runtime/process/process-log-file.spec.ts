import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { isLogFull, logFileIn, ProcessLogReader, rotateLog } from './process-log-file.js';

describe('a log', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-log-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const write = (line: string): Promise<void> => appendFile(logFileIn(folder), line);

  it('is rotated when it is full, and read over a rotation without loss', async () => {
    await write('one\n');
    const reader = new ProcessLogReader(folder);
    expect(await text(reader.readFromStart())).toBe('one\n');
    await write('two\n');
    expect(await isLogFull(folder, 7)).toBe(true);
    expect(await isLogFull(folder, 8)).toBe(false);
    await rotateLog(folder);
    await write('3\n');
    expect(await text(reader.readOn())).toBe('two\n3\n');
    expect(await text(new ProcessLogReader(folder).readFromStart())).toBe('one\ntwo\n3\n');
    expect(await text(reader.readOn())).toBe('');
  });

  it('that is not there is empty', async () => {
    expect(await isLogFull(folder, 0)).toBe(false);
    expect(await text(new ProcessLogReader(folder).readFromStart())).toBe('');
  });
});
