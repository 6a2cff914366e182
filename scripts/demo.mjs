#!/usr/bin/env node
/**
 * `npm run demo`: from a bare clone to a running team of five, then stays up until Ctrl-C.
 *
 *     npm run demo -- --once           ends when everything was shown
 *     npm run demo -- --once --json    and writes nothing but one JSON object to stdout
 */
import { readdir, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { build } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { createLog } from './lib/log.mjs';
import { fromRoot } from './lib/paths.mjs';

const { values: flags } = parseArgs({ options: { once: { type: 'boolean' }, json: { type: 'boolean' } } });
const log = createLog({ stream: flags.json ? process.stderr : process.stdout });

/** What Ctrl-C has to undo, newest first. @type {(() => Promise<void>)[]} */
const undo = [];
let leaving = false;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void leave(130));

try {
  await main();
  if (flags.once) await leave(0);
} catch (error) {
  if (!leaving) {
    log.warn(error.message);
    if (flags.json) console.log(JSON.stringify({ ok: false, error: error.message }));
    await leave(1);
  }
}

async function main() {
  await ensureDependencies(log);
  await build(log);
  // Only now: these may use what was just installed and built.
  const { chooseRuntime } = await import('./lib/demo-runtime.mjs');
  const { apiClient } = await import('./lib/api-client.mjs');
  const { freePort, startMuster } = await import('./lib/muster-process.mjs');

  const runtime = await chooseRuntime(log);
  const starting = log.step('muster');
  const muster = await startMuster({
    dataDir: process.env.DATA_DIR ?? fromRoot('data'),
    port: await freePort(Number(process.env.PORT ?? 5176)),
    env: { RUNTIME: runtime.name, ...(runtime.host ? { DOCKER_HOST: runtime.host } : {}) },
    onProgress: starting.progress,
  });
  undo.unshift(() => muster.stop());
  const found = (name) => muster.ready.checks.find((check) => check.name === name)?.detail ?? 'unknown';
  const database = found('database');
  starting.done(`${muster.url}; database: ${database}`);

  const key = await muster.key();
  const api = apiClient(muster.url, key);
  const templates = await importTeam(api);
  const project = await createProject(api, templates);
  const agents = await startTeam(api, project);
  undo.unshift(() => stopTeam(api, project, agents));
  await promptTeam(api, project, agents);
  const templateUntouched = await editOneSoul(api, project, agents);

  const ok =
    agents.length === templates.length && agents.every((agent) => agent.state === 'running') && templateUntouched;
  if (flags.json) {
    console.log(
      JSON.stringify({
        ok,
        runtime: runtime.name,
        database: database.split(' ', 1)[0],
        projectId: project.id,
        agents,
        templateUntouched,
      }),
    );
    return;
  }
  const { table } = await import('./lib/table.mjs');
  console.log(
    `\n${table(
      ['identifier', 'template', 'state', 'pid', 'start ms', 'reply'],
      agents.map((agent) => [
        agent.identifier,
        `${agent.template}@${agent.templateVersion}`,
        agent.state,
        agent.pid ?? 0,
        agent.startMs,
        shorten(agent.reply, 60),
      ]),
    )}\n`,
  );
  if (flags.once) return;
  console.log(`URL   ${muster.url}/api/v1`);
  console.log(`Key   ${key}`);
  console.log(`Docs  ${muster.url}/docs`);
  console.log('\nCtrl-C stops the agents and the database.');
  await muster.exited;
  if (!leaving) throw new Error('Muster ended by itself; see data/muster.log.');
}

/** Imports samples/team; a template that an earlier demo imported gets a new version only if its file changed. */
async function importTeam(api) {
  const step = log.step('templates');
  const folder = fromRoot('samples/team');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  const templates = [];
  for (const file of files) {
    const yaml = await readFile(`${folder}/${file}`, 'utf8');
    templates.push(
      await api('POST', `/templates/import?onConflict=version&filename=${encodeURIComponent(file)}`, { yaml }),
    );
  }
  step.done(templates.map((template) => `${template.name}@${template.version}`).join(', '));
  return templates;
}

/** Creates `web-app` with one role for each template, or takes the one an earlier demo left. */
async function createProject(api, templates) {
  const step = log.step('project');
  const { items } = await api('GET', '/projects?limit=200');
  const left = items.find((project) => project.slug === 'web-app');
  const project =
    left ??
    (await api('POST', '/projects', {
      json: {
        name: 'web-app',
        description: 'The demo: a team of five.',
        roleAssignments: templates.map(({ id, role }) => ({ templateId: id, role })),
      },
    }));
  step.done(`${project.slug}: ${project.roleAssignments.length} roles${left ? ', from an earlier demo' : ''}`);
  return project;
}

async function startTeam(api, project) {
  const step = log.step('agents');
  const { items } = await api('GET', `/projects/${project.id}/agents?limit=200`);
  const names = new Map();
  for (const { templateId } of items) {
    if (!names.has(templateId)) names.set(templateId, (await api('GET', `/templates/${templateId}`)).name);
  }
  const agents = await Promise.all(
    items.map(async (instance) => {
      const begun = performance.now();
      await api('POST', `/projects/${project.id}/agents/${instance.id}/actions`, {
        json: { action: 'start' },
        headers: { prefer: 'wait=60' },
      });
      const startMs = Math.round(performance.now() - begun);
      const started = await api('GET', `/projects/${project.id}/agents/${instance.id}`);
      step.progress(`${started.identifier} ${started.lifecycle.state}`);
      return {
        id: started.id,
        identifier: started.identifier,
        role: started.role,
        template: names.get(started.templateId),
        templateVersion: started.templateVersion,
        state: started.lifecycle.state,
        status: started.status,
        pid: started.pid,
        startMs,
        reply: null,
      };
    }),
  );
  agents.sort((a, b) => (a.identifier < b.identifier ? -1 : 1));
  step.done(`${agents.filter((agent) => agent.state === 'running').length} of ${agents.length} running`);
  return agents;
}

async function promptTeam(api, project, agents) {
  const step = log.step('prompts');
  await Promise.all(
    agents.map(async (agent) => {
      const run = await api('POST', `/projects/${project.id}/agents/${agent.id}/runs`, {
        json: { type: 'prompt', input: `${agent.role}, what is your first step for web-app?` },
        headers: { prefer: 'wait=30' },
      });
      if (run.status !== 'passed')
        throw new Error(`${agent.identifier}: the run ${run.status}: ${run.error?.message ?? ''}`);
      agent.reply = run.output;
    }),
  );
  step.done(`${agents.length} answered`);
}

/** Edits the first agent's soul, and looks whether its template and the other agents stayed as they were. */
async function editOneSoul(api, project, agents) {
  const step = log.step('soul edit');
  const [edited, ...others] = agents;
  const path = (agent) => `/projects/${project.id}/agents/${agent.id}`;
  const souls = () => Promise.all(others.map(async (agent) => (await api('GET', path(agent))).soul));
  const instance = await api('GET', path(edited));
  const template = () => api('GET', `/templates/${instance.templateId}`);

  const before = { template: await template(), souls: await souls() };
  const changed = await api('PATCH', path(edited), {
    json: {
      soul: `${instance.soul.trimEnd()}\n\nEdited by the demo: prefers small steps (revision ${instance.revision + 1}).\n`,
    },
    headers: { 'if-match': `"${instance.revision}"` },
  });
  const after = { template: await template(), souls: await souls() };

  const templateUntouched =
    before.template.digest === after.template.digest && before.template.soul === after.template.soul;
  const othersUntouched = JSON.stringify(before.souls) === JSON.stringify(after.souls);
  if (changed.soul === instance.soul || !templateUntouched || !othersUntouched) {
    step.fail('the edit reached further than its instance');
    throw new Error('The edit of one soul reached its template or another agent.');
  }
  step.done(
    `${edited.identifier} is at revision ${changed.revision}; its template and the other ${others.length} are as they were`,
  );
  return templateUntouched;
}

async function stopTeam(api, project, agents) {
  const step = log.step('stopping agents');
  await Promise.all(
    agents.map((agent) =>
      api('POST', `/projects/${project.id}/agents/${agent.id}/actions`, {
        json: { action: 'stop' },
        headers: { prefer: 'wait=20' },
      }),
    ),
  ).then(
    () => step.done(),
    (error) => step.fail(error.message),
  );
}

/** @param {number} code */
async function leave(code) {
  if (leaving) return;
  leaving = true;
  for (const step of undo) await step().catch((error) => log.warn(error.message));
  if (code === 130) log.info('stopped');
  process.exit(code === 130 ? 0 : code);
}

/** @param {string | null} text @param {number} width */
function shorten(text, width) {
  const line = (text ?? '').replaceAll(/\s+/g, ' ');
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
