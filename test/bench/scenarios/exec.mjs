import Docker from 'dockerode';
import { once } from 'node:events';
import { request } from 'node:http';
import { byTurns, median, timed } from '../measure.mjs';

const LINES = 10_000;
const LINE_BYTES = 200;

/**
 * A command in a running agent, from the request until its end and exit code; against dockerode's exec of the same command in the
 * same container. Then the newest lines of its log, followed until the last; against dockerode's logs of the same.
 */
export async function exec({ api, muster, rounds, dockerHost, perRound = 10 }) {
  const docker = new Docker({ socketPath: dockerHost.replace('unix://', '') });
  const template = await api('POST', '/templates', {
    json: { name: 'bench-exec', role: 'developer', config: { provider: 'echo', model: 'none' } },
  });
  const project = await api('POST', '/projects', {
    json: { name: 'bench exec', roleAssignments: [{ role: 'developer', templateId: template.id }] },
  });
  const path = `/projects/${project.id}/agents/${project.roleAssignments[0].instanceId}`;
  const { containerId } = await api('POST', `${path}/actions`, {
    json: { action: 'start' },
    headers: { prefer: 'wait=60' },
  });
  const container = docker.getContainer(containerId);
  const run = async (command) => {
    const { status } = await api('POST', `${path}/runs`, { json: { type: 'exec', command } });
    if (status !== 'passed') throw new Error(`${command} is ${status}`);
  };

  try {
    const commands = await byTurns({
      rounds,
      muster: () => timed({ count: perRound, atOnce: 1 }, () => run(['true'])),
      limit: () => timed({ count: perRound, atOnce: 1 }, () => plainExec(container)),
    });
    const line = 'x'.repeat(LINE_BYTES - 1);
    await run(`yes ${line} | head -n ${LINES - 1} >/proc/1/fd/1; echo the-last >/proc/1/fd/1`);
    const bytes = (LINES - 1) * LINE_BYTES;
    const logs = await byTurns({
      rounds,
      muster: () => perMiB(bytes, () => followMuster(`${muster.url}/api/v1${path}`, muster.adminKey)),
      limit: () => perMiB(bytes, () => followPlain(container)),
    });
    const extraMs = median(commands.muster, 'p50') - median(commands.limit, 'p50');
    const ratio = median(logs.muster, 'perSecond') / median(logs.limit, 'perSecond');
    return [
      {
        name: 'exec of true',
        unit: 'runs/s',
        limit: 'dockerode exec create + start + end + inspect',
        figures: commands,
        ratio: median(commands.muster, 'p50') / median(commands.limit, 'p50'),
        extraMs,
        met: extraMs <= 15,
        wanted: '≤ 15 ms more',
      },
      {
        name: 'logs, followed',
        unit: 'MiB/s',
        limit: 'dockerode logs',
        figures: logs,
        ratio,
        met: ratio >= 0.7,
        wanted: '≥ 0.7 times',
      },
    ];
  } finally {
    await api('DELETE', `/projects/${project.id}`);
  }
}

async function plainExec(container) {
  const exec = await container.exec({ Cmd: ['true'], AttachStdin: true, AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({ hijack: true, stdin: true });
  await new Promise((resolve, reject) => {
    stream.once('end', resolve).once('error', reject).resume();
  });
  const { ExitCode } = await exec.inspect();
  if (ExitCode !== 0) throw new Error(`true ended with ${ExitCode}`);
}

/** Figures of one reading, its rate in MiB of what the agent wrote. */
async function perMiB(bytes, read) {
  const figures = await timed({ count: 3, atOnce: 1 }, read);
  return { ...figures, perSecond: (figures.perSecond * bytes) / 2 ** 20 };
}

/** By the same HTTP client as dockerode's. */
async function followMuster(url, key) {
  const asked = request(`${url}/logs?follow=true&tail=${LINES}`, { headers: { authorization: `Bearer ${key}` } }).end();
  const [response] = await once(asked, 'response');
  await untilLast(response);
  response.destroy();
}

async function followPlain(container) {
  const stream = await container.logs({ follow: true, stdout: true, stderr: true, timestamps: true, tail: LINES });
  await untilLast(stream);
  stream.destroy();
}

async function untilLast(pieces) {
  let tail = '';
  for await (const piece of pieces) {
    tail = (tail + piece.toString('latin1')).slice(-300);
    if (tail.includes('the-last')) return;
  }
  throw new Error('the log ended before its last line');
}
