import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { byTurns, median, requestsPerSecond } from '../measure.mjs';

/** templates.get and agents.list (50 instances): requests per second against a bare Fastify route with the same query. */
export async function reads({ muster, api, db, databaseUri, rounds }) {
  const bare = await startBareServer(databaseUri);
  try {
    const template = await api('POST', '/templates', {
      json: {
        name: 'bench-read',
        role: 'developer',
        soul: 'I am read again and again. '.repeat(40),
        systemPrompt: 'Be read. '.repeat(60),
        config: { provider: 'echo', model: 'none' },
      },
    });
    const project = await api('POST', '/projects', {
      json: {
        name: 'bench reads',
        roleAssignments: Array.from({ length: 50 }, () => ({ role: 'developer', templateId: template.id })),
      },
    });
    const { tenantId } = await db.collection('templates').findOne({ name: 'bench-read' });
    const headers = { authorization: `Bearer ${muster.adminKey}` };
    const tenant = `tenant=${tenantId.toHexString()}`;

    return [
      await scenario('templates.get', `/api/v1/templates/${template.id}`, `/templates/${template.id}?${tenant}`),
      await scenario(
        'agents.list (50)',
        `/api/v1/projects/${project.id}/agents?limit=50`,
        `/projects/${project.id}/agents?${tenant}`,
      ),
    ];

    async function scenario(name, path, barePath) {
      const figures = await byTurns({
        rounds,
        muster: () => requestsPerSecond({ url: `${muster.url}${path}`, headers }),
        limit: () => requestsPerSecond({ url: `${bare.url}${barePath}` }),
      });
      const ratio = median(figures.muster, 'perSecond') / median(figures.limit, 'perSecond');
      return {
        name,
        unit: 'requests/s',
        limit: 'bare Fastify, plain driver',
        figures,
        ratio,
        met: ratio >= 0.5,
        wanted: '≥ 0.5',
      };
    }
  } finally {
    bare.stop();
  }
}

async function startBareServer(databaseUri) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../bare-server.mjs', import.meta.url))], {
    env: { ...process.env, MONGODB_URI: databaseUri },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(Number(text)));
    child.once('exit', () => reject(new Error('the bare server ended')));
  });
  return { url: `http://127.0.0.1:${port}`, stop: () => child.kill('SIGTERM') };
}
