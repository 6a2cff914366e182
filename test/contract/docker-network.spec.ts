import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import type { ContainerAddress } from '../../src/domain/runtime/container-runtime.js';
import type { Uplink, UplinkCall } from '../../src/domain/runtime/uplink.js';
import { DockerRuntime } from '../../src/runtime/docker/docker.runtime.js';
import { AGENT_IMAGE, describeEngine, ENGINE_HOST } from '../support/engine.js';
import { saidInside } from '../support/inside-container.js';
import { SpecBuilder } from './runtime-harness.js';

/** Answers HTTP, whatever was asked. */
async function greet(call: UplinkCall): Promise<void> {
  const tunnel = call.accept();
  const body = `hello to ${call.destination.host}:${call.destination.port}`;
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`;
  await tunnel.write(Buffer.from(head + body));
  tunnel.end();
  for await (const piece of tunnel.output) expect(piece.length).toBeGreaterThan(0);
}

describeEngine('what a container asks for', () => {
  let specs: SpecBuilder;
  let sut: DockerRuntime;
  let uplink: Uplink | undefined;

  beforeEach(async () => {
    specs = await SpecBuilder.create();
  });

  afterEach(async () => {
    uplink?.close();
    for (const { id } of await sut.list(specs.installation)) await sut.remove(id);
    await specs.clean();
  });

  const start = async (network?: 'carried'): Promise<ContainerAddress> => {
    const image = await sut.resolveImage(AGENT_IMAGE);
    const spec = specs.build(image, network === undefined ? {} : { network });
    const id = await sut.create(spec);
    await sut.start(id);
    const address = { id, privateFolder: spec.privateFolder };
    const { connection } = await sut.waitUntilReachable(address, AbortSignal.timeout(30_000));
    uplink = await connection.uplink({
      portsOf: async (name) => Promise.resolve(name === 'known.test' ? [80] : []),
      carry: greet,
    });
    connection.close();
    return address;
  };
  const fetchInside = async (id: string, url: string): Promise<string> =>
    saidInside(id, `fetch('${url}').then((r) => r.text()).then(console.log, (e) => console.log(e.cause.code))`);

  describe.each(['unix', 'exec'] as const)('where agents are reached by %s', (endpoint) => {
    beforeEach(() => {
      const stateDir = join(specs.folder, 'state');
      sut = new DockerRuntime({ host: ENGINE_HOST, stateDir, agentImage: AGENT_IMAGE, endpoint });
    });

    it('is answered here, and nobody else answers', async () => {
      const { id } = await start('carried');
      expect(await fetchInside(id, 'http://known.test/')).toBe('hello to known.test:80');
      expect(await fetchInside(id, 'http://unknown.test/')).toBe('ENOTFOUND');
      expect(await fetchInside(id, 'http://known.test:81/')).toBe('ECONNREFUSED');
      expect(await fetchInside(id, 'http://192.0.2.1/')).toBe('ENETUNREACH');
    });

    it('is nothing when it is to have no network: it knows no names', async () => {
      const { id } = await start();
      expect(await fetchInside(id, 'http://known.test/')).toMatch(/^(EAI_AGAIN|ENOTFOUND)$/);
    });
  });
});
