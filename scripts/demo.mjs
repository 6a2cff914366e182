#!/usr/bin/env node
/**
 * `npm run demo`: from a bare clone to a running team of five, then stays up until Ctrl-C.
 *
 *     npm run demo -- --once           ends when everything was shown
 *     npm run demo -- --once --json    and writes nothing but one JSON object to stdout
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { createLog } from './lib/log.mjs';
import { fromRoot } from './lib/paths.mjs';
import { endRunning } from './lib/run.mjs';
import { stopAgents } from './lib/stop-agents.mjs';

const { values: flags } = parseArgs({ options: { once: { type: 'boolean' }, json: { type: 'boolean' } } });
const log = createLog({ stream: flags.json ? process.stderr : process.stdout });
if (existsSync(fromRoot('.env'))) process.loadEnvFile(fromRoot('.env'));

/** What has to be undone at the end, newest first. @type {(() => Promise<void>)[]} */
const undo = [() => endRunning()];
let leaving = false;
/** Whether everything was shown, and only Ctrl-C is waited for. */
let up = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void leave(up ? 0 : 130, 'stopped'));
// A terminal that was closed takes no more lines; agents and database are stopped all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  const ok = await main();
  if (flags.once) await leave(ok ? 0 : 1);
} catch (error) {
  if (!leaving) {
    log.warn(error.message);
    if (flags.json) console.log(JSON.stringify({ ok: false, error: error.message }));
    await leave(1);
  }
}

/** @returns {Promise<boolean>} whether everything is as it should be */
async function main() {
  await ensureDependencies(log);
  await build(log);
  // Only now: these may use what was just installed and built.
  const { chooseRuntime } = await import('./lib/demo-runtime.mjs');
  const { apiClient } = await import('./lib/api-client.mjs');
  const { untilEnded } = await import('./lib/guard.mjs');
  const { freePort, startMuster } = await import('./lib/muster-process.mjs');

  const runtime = await chooseRuntime(log);
  const dataDir = resolve(fromRoot('.'), process.env.DATA_DIR || 'data');
  const wanted = process.env.PORT || '5176';
  const starting = begin('muster');
  await untilEnded(dataDir, () => starting.progress('waiting until what a killed demo left has ended'));
  // Muster itself says what is wrong with a port that is none.
  const port = /^\d{1,5}$/.test(wanted) && Number(wanted) < 65536 ? await freePort(Number(wanted)) : wanted;
  const muster = await startMuster({
    dataDir,
    port,
    env: { RUNTIME: runtime.name, ...(runtime.host ? { DOCKER_HOST: runtime.host } : {}) },
    onProgress: starting.progress,
    onSpawned: (stop) => undo.unshift(stop),
  });
  const found = (name) => muster.ready.checks.find((check) => check.name === name)?.detail ?? 'unknown';
  const database = found('database');
  const taken = ['0', String(port)].includes(wanted) ? '' : ` (${wanted} is taken)`;
  starting.done(`${muster.url}${taken}; database: ${database}`);

  const key = await findKey(muster.url, dataDir);
  const api = apiClient(muster.url, key);
  const templates = await importTeam(api);
  const project = await createProject(api, templates);
  undo.unshift(() => stopTeam(api, project));
  muster.stopFirst({ url: muster.url, key, projectId: project.id });
  const agents = await startTeam(api, project);
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
    return ok;
  }
  const { shorten, table } = await import('./lib/table.mjs');
  console.log(
    `\n${table(
      ['identifier', 'template', 'state', 'pid', 'start ms', 'reply'],
      agents.map((agent) => [
        agent.identifier,
        `${agent.template}@${agent.templateVersion}`,
        agent.state,
        agent.pid ?? 0,
        agent.startMs,
        shorten(agent.reply ?? '', 60),
      ]),
      { columns: process.stdout.columns },
    )}\n`,
  );
  if (flags.once) return ok;
  console.log(`URL   ${muster.url}/api/v1`);
  console.log(`Key   ${key}`);
  console.log(`Docs  ${muster.url}/docs`);
  console.log('\nCtrl-C stops the agents and the database. What they made stays in', `${dataDir}.`);
  up = true;
  await muster.exited;
  if (!leaving) throw new Error(`Muster ended by itself; see ${join(dataDir, 'muster.log')}.`);
  return ok;
}

/** A step of the demo. Where somebody left in the middle, the next one does not begin. */
function begin(label) {
  if (leaving) throw new Error('left');
  return log.step(label);
}

/** The key that this database knows: the one made in this folder, or the one that BOOTSTRAP_ADMIN_KEY gave it. */
async function findKey(url, dataDir) {
  const file = join(dataDir, 'admin.key');
  const keys = [existsSync(file) ? (await readFile(file, 'utf8')).trim() : '', process.env.BOOTSTRAP_ADMIN_KEY];
  for (const key of keys.filter(Boolean)) {
    const { ok } = await fetch(`${url}/api/v1/api-keys/me`, { headers: { authorization: `Bearer ${key}` } });
    if (ok) return key;
  }
  throw new Error(
    `No key to this database: it is not in ${file}. Set BOOTSTRAP_ADMIN_KEY to the admin key that it was set up with.`,
  );
}

/** Imports samples/team; a template that an earlier demo imported gets a new version only if its file changed. */
async function importTeam(api) {
  const step = begin('templates');
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
  const step = begin('project');
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
  const step = begin('agents');
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
  const step = begin('prompts');
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
  const step = begin('soul edit');
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

async function stopTeam(api, project) {
  const step = log.step('stopping agents');
  await stopAgents(api, project.id).then(
    () => step.done(),
    (error) => step.fail(error.message),
  );
}

/** @param {number} code @param {string} [word] */
async function leave(code, word) {
  if (leaving) return;
  leaving = true;
  // A step under way has left its line open.
  if (word && process.stdout.isTTY) process.stdout.write('\n');
  for (const step of undo) await step().catch((error) => log.warn(error.message));
  if (word) log.info(word);
  process.exit(code);
}
