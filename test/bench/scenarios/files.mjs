import Docker from 'dockerode';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Header } from 'tar/header';
import { byTurns, median, timed } from '../measure.mjs';

const BYTES = 100 * 1024 * 1024;
const PIECE = 64 * 1024;
const WANTED = 0.7;

/** An archive of 100 MiB up to an agent's workspace and down again; against the engine's own archive calls on the same container. */
export async function files({ api, muster, rounds, dockerHost, perRound = 2 }) {
  const docker = new Docker({ socketPath: dockerHost.replace('unix://', '') });
  const { project, path, containerId } = await runningAgent(api);
  const container = docker.getContainer(containerId);
  const url = (what) => `${muster.url}/api/v1${path}/files/archive?path=/workspace/${what}`;
  const head = { authorization: `Bearer ${muster.adminKey}`, 'content-type': 'application/x-tar' };
  const times = (work) => timed({ count: perRound, atOnce: 1 }, work);

  const up = await byTurns({
    rounds,
    muster: () => times(() => send(url('muster'), head)),
    limit: () => times(() => container.putArchive(archive(), { path: '/workspace' })),
  });
  const down = await byTurns({
    rounds,
    muster: () => times(() => receive(url('muster'), head)),
    limit: () => times(async () => count(await container.getArchive({ path: '/workspace/data' }))),
  });
  await api('DELETE', `/projects/${project.id}`);
  return [result('files, 100 MiB up', up), result('files, 100 MiB down', down)];
}

async function runningAgent(api) {
  const template = await api('POST', '/templates', {
    json: { name: 'bench-files', role: 'developer', config: { provider: 'echo', model: 'none' } },
  });
  const project = await api('POST', '/projects', {
    json: { name: 'bench files', roleAssignments: [{ role: 'developer', templateId: template.id }] },
  });
  const { items } = await api('GET', `/projects/${project.id}/agents`);
  const path = `/projects/${project.id}/agents/${items[0].id}`;
  await api('POST', `${path}/actions`, { json: { action: 'start' }, headers: { prefer: 'wait=60' } });
  const { lifecycle } = await api('GET', path);
  return { project, path, containerId: lifecycle.containerId };
}

function result(name, figures) {
  const ratio = median(figures.muster, 'perSecond') / median(figures.limit, 'perSecond');
  return {
    name,
    unit: '× 100 MiB/s',
    limit: "the engine's archive call",
    figures,
    ratio,
    met: ratio >= WANTED,
    wanted: `≥ ${WANTED} times`,
  };
}

/** The same stream for both: one file of 100 MiB. */
function archive() {
  const header = Buffer.alloc(512);
  new Header({ path: 'data', mode: 0o644, mtime: new Date(), type: 'File', size: BYTES }).encode(header, 0);
  const piece = Buffer.alloc(PIECE, 'muster');
  return Readable.from(
    (function* () {
      yield header;
      for (let sent = 0; sent < BYTES; sent += PIECE) yield piece;
      yield Buffer.alloc(1024);
    })(),
    { objectMode: false },
  );
}

async function send(url, headers) {
  const { status, done } = await exchange(url, { method: 'PUT', headers }, archive());
  await done;
  if (status !== 200) throw new Error(`PUT ${url}: ${status}`);
}

async function receive(url, headers) {
  const { status, done } = await exchange(url, { headers });
  const bytes = await done;
  if (status !== 200 || bytes < BYTES) throw new Error(`GET ${url}: ${status}, ${bytes} bytes`);
}

/** As dockerode asks the engine: by node:http, so that both pay for the same client. */
function exchange(url, options, body) {
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (response) => resolve({ status: response.statusCode, done: count(response) }));
    asked.on('error', reject);
    if (body === undefined) asked.end();
    else pipeline(body, asked).catch(reject);
  });
}

async function count(stream) {
  let bytes = 0;
  for await (const piece of stream) bytes += piece.length;
  return bytes;
}
