/**
 * Watches over a process that a script started (see guard.mjs), mostly Muster, and ends it when that script is gone without
 * having done so: killed, or crashed. Its stdin closes then, however the script died.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiClient } from './api-client.mjs';
import { isAlive } from './is-alive.mjs';
import { ENDING } from './guard.mjs';
import { stopAgents } from './stop-agents.mjs';

const GRACE_MS = 20_000;

/** @type {{ pid?: number, dataDir?: string, team?: { url: string, key: string, projectId: string }, dismissed?: true }} */
const told = {};
for await (const line of createInterface({ input: process.stdin })) Object.assign(told, JSON.parse(line));
if (!told.dismissed && told.pid && isAlive(told.pid)) await end(told.pid, told);

/** @param {number} pid @param {typeof told} what */
async function end(pid, { dataDir, team }) {
  const note = dataDir && join(dataDir, ENDING);
  if (note) writeFileSync(note, String(process.pid));
  try {
    console.log(`The script that started process ${pid} is gone: stopping ${team ? 'the agents and ' : ''}it.`);
    if (team) {
      await stopAgents(apiClient(team.url, team.key), team.projectId).catch((error) =>
        console.log(`The agents cannot be stopped: ${error.message}`),
      );
    }
    signal(pid, 'SIGTERM');
    const deadline = Date.now() + GRACE_MS;
    while (isAlive(pid) && Date.now() < deadline) await sleep(50);
    signal(pid, 'SIGKILL');
  } finally {
    if (note) rmSync(note, { force: true });
  }
}

/** @param {number} pid @param {NodeJS.Signals} name */
function signal(pid, name) {
  if (isAlive(pid)) process.kill(pid, name);
}
