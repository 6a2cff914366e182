import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, request, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { DialingPool } from './dialing-pool.js';

describe('DialingPool', () => {
  let server: Server;
  let held: ServerResponse[];
  let dialled: Socket[];
  let sut: DialingPool;

  beforeEach(async () => {
    held = [];
    dialled = [];
    server = createServer((_request, response) => void held.push(response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    sut = new DialingPool(dial, await dial());
  });

  afterEach(async () => {
    sut.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const dial = async (): Promise<Socket> =>
    new Promise((resolve) => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
        dialled.push(socket);
        resolve(socket);
      });
    });
  const ask = async (): Promise<string> =>
    new Promise((resolve, reject) => {
      request({ agent: sut, host: 'agent' }, (response) => void text(response).then(resolve, reject))
        .once('error', reject)
        .end();
    });
  /** Once so many questions are there. */
  const asked = async (count: number): Promise<ServerResponse[]> => {
    while (held.length < count) await new Promise(setImmediate);
    return held;
  };
  const open = (): number[] => dialled.flatMap((socket, index) => (socket.destroyed ? [] : [index]));

  it('closes what it keeps for later when it is retired, and what is in use at the end of that', async () => {
    const [long, short] = [ask(), ask()];
    const [forLong, forShort] = await asked(2);
    forShort!.end('short');
    expect(await short).toBe('short');
    while (Object.keys(sut.freeSockets).length === 0) await new Promise(setImmediate);
    expect(open()).toEqual([0, 1]);
    const ended = sut.retire();
    expect(open()).toEqual([0]);
    forLong!.end('long');
    expect(await long).toBe('long');
    await ended;
    expect(open()).toEqual([]);
  });

  it('closes at once what was never used', async () => {
    await sut.retire();
    expect(open()).toEqual([]);
  });

  it('still asks once it is retired, and keeps nothing of that', async () => {
    const before = ask();
    await asked(1);
    const ended = sut.retire();
    const after = ask();
    for (const response of await asked(2)) response.end('well');
    expect(await Promise.all([before, after])).toEqual(['well', 'well']);
    await ended;
    expect(open()).toEqual([]);
  });

  it('cuts what is in use when it is destroyed, whether it was retired before or not', async () => {
    const cut = ask();
    cut.catch(() => undefined);
    await asked(1);
    const ended = sut.retire();
    sut.destroy();
    await expect(cut).rejects.toMatchObject({ code: 'ECONNRESET' });
    await ended;
  });
});
