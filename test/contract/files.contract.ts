import { describe, expect, it } from '@jest/globals';
import type { AgentConnection } from '../../src/domain/runtime/agent-connection.js';
import type { ContractContext } from './contract-context.js';

/** The files of an agent's workspace, by whatever way it is reached. */
export function filesContract(on: ContractContext): void {
  describe("an agent's files", () => {
    const opened = async (): Promise<AgentConnection> => {
      const container = await on.started();
      return (await on.sut.waitUntilReachable(on.address(container), on.patience())).connection;
    };

    it('are written, listed, read, packed, unpacked and removed', async () => {
      const connection = await opened();
      const { files } = connection;
      const patience = on.patience();
      const content = Buffer.alloc(3 * 1024 * 1024, 'muster');
      const written = await files.write({ path: 'big', maxBytes: content.length }, pieces(content), patience);
      expect(written).toMatchObject({ created: true, entry: { path: 'big', type: 'file', size: content.length } });
      expect(await files.makeFolder('a/b', patience)).toBe(true);
      expect(await files.makeFolder('a/b', patience)).toBe(false);
      const list = await files.list({ path: '', recursive: true, limit: 10, after: '' }, patience);
      expect(list.entries.map(({ path }) => path)).toEqual(['a', 'a/b', 'big']);
      const read = await whole((await files.read('big', content.length, undefined, patience)).bytes);
      // Compared byte by byte in JavaScript it would take half a minute on a busy machine.
      expect(read.equals(content)).toBe(true);
      const limits = { maxBytes: 2 * content.length, maxEntries: 10 };
      const archive = await whole(await files.pack({ path: '', ...limits }, patience));
      const unpacked = await files.unpack({ path: 'copy', gzip: false, ...limits }, pieces(archive), patience);
      expect(unpacked).toEqual({ files: 1, bytes: content.length });
      const part = await files.read('copy/big', 100, 'bytes=6-11', patience);
      expect([part.range, (await whole(part.bytes)).toString()]).toEqual([
        { first: 6, last: 11, total: content.length },
        'muster',
      ]);
      await files.remove('copy', true, patience);
      await expect(files.read('copy/big', 100, undefined, patience)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      connection.close();
    });

    it('tell their faults by codes, and keep nothing of what failed', async () => {
      const connection = await opened();
      const { files } = connection;
      const patience = on.patience();
      const refused = async (act: Promise<unknown>, code: string): Promise<void> => {
        await expect(act).rejects.toMatchObject({ code });
      };
      const body = Buffer.alloc(1024 * 1024);
      await refused(files.write({ path: 'x', maxBytes: 10 }, pieces(body), patience), 'BODY_TOO_LARGE');
      await refused(
        files.write({ path: 'x', maxBytes: 1e7, ifMatch: '*' }, pieces(body), patience),
        'PRECONDITION_FAILED',
      );
      await refused(files.write({ path: 'no/x', maxBytes: 1e7 }, pieces(body), patience), 'NOT_FOUND');
      const limits = { maxBytes: 1e7, maxEntries: 10 };
      await refused(
        files.unpack({ path: '', gzip: false, ...limits }, pieces(Buffer.from('none')), patience),
        'ARCHIVE_INVALID',
      );
      const source = new Error('the client left');
      await expect(files.write({ path: 'x', maxBytes: 1e7 }, failing(source), patience)).rejects.toBe(source);
      const leave = new AbortController();
      const endless = files.write({ path: 'x', maxBytes: 1e7 }, abortingAfter(leave), leave.signal);
      await expect(endless).rejects.toBe('enough');
      await refused(files.read('../etc/passwd', 100, undefined, patience), 'VALIDATION_FAILED');
      const { entries } = await files.list({ path: '', recursive: true, limit: 10, after: '' }, patience);
      expect(entries).toEqual([]);
      connection.close();
    });

    it('are watched until the signal ends it', async () => {
      const connection = await opened();
      const leave = new AbortController();
      const changes = (await connection.files.watch('', leave.signal))[Symbol.asyncIterator]();
      expect((await changes.next()).value).toEqual({ kind: 'watching', path: '', type: null });
      await connection.files.write({ path: 'new', maxBytes: 10 }, pieces(Buffer.from('x')), on.patience());
      expect((await changes.next()).value).toEqual({ kind: 'created', path: 'new', type: 'file' });
      leave.abort();
      expect((await changes.next()).done).toBe(true);
      connection.close();
    });
  });
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield await Promise.resolve(bytes.subarray(at, at + 65_536));
}

async function* failing(error: Error): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(100_000);
  await Promise.reject(error);
}

async function* abortingAfter(leave: AbortController): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.alloc(100_000));
  leave.abort('enough');
  yield Buffer.alloc(100_000);
}

async function whole(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of bytes) all.push(piece);
  return Buffer.concat(all);
}
