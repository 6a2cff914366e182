import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { BSON } from 'mongodb';
import { AGENT_IMAGE, describeEngine, engine, SMALL_IMAGE } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { runInside } from '../support/inside-container.js';
import { SteppedMuster, type SteppedAgent } from '../support/stepped-muster.js';

const MOST_STEPS = 40;
const VALUE = 'open-sesame-open-sesame';
const FORMS = [VALUE, Buffer.from(VALUE).toString('hex'), Buffer.from(VALUE).toString('base64').slice(0, -4)];

/**
 * Starts an agent that needs a secret at its first instruction, while Muster is killed at its k-th call to the engine from the first
 * container on, for every k. Whatever happens, it finds its secret; no container and no memory is left once it is gone; and the value is where the
 * agent is and nowhere else.
 */
describeEngine('a secret, while Muster is killed at every step of a start', () => {
  let muster: SteppedMuster;
  let template: string;

  beforeAll(async () => {
    muster = await SteppedMuster.start({ RUNTIME: 'docker', AGENT_IMAGE, LOG_LEVEL: 'trace' });
    const command = ['/bin/sh', '-c', 'cat "$TOKEN_FILE" > /workspace/seen || exit 9; exec sleep 3600'];
    const created = await muster.call('POST', '/templates', {
      name: 'keeper',
      role: 'developer',
      manifest: { image: SMALL_IMAGE, command, env: [{ name: 'TOKEN', secret: 'token' }] },
    });
    template = created.body.id;
    await muster.call('PUT', '/secrets/token', { value: VALUE });
  });

  afterAll(async () => {
    await muster.end();
  });

  const containers = async (): Promise<string[]> => (await muster.containers()).map(({ Id }) => Id);

  /** Starts the agent, and kills Muster at that call to the engine. Resolves to whether it came to that many. */
  async function startKilledAt(step: number, agent: SteppedAgent): Promise<boolean> {
    // What comes before only looks images up.
    let hasBegun = false;
    const { answer, killed } = await muster.killAt(
      step,
      (one) => one.kind === 'engine call' && (hasBegun ||= one.call.includes('/containers/create')),
      () => muster.call('POST', `${agent.path}/actions`, { action: 'start' }, { prefer: 'wait=60' }),
    );
    if (!killed) expect(answer).toMatchObject({ status: 200, body: { state: 'running' } });
    return killed;
  }

  /** It runs, has seen its secret, and there is one memory for the two of them; or the request was lost with Muster. */
  async function check(agent: SteppedAgent): Promise<string> {
    return eventually(async () => {
      const { body } = await muster.call('GET', `${agent.path}/lifecycle`);
      const { state, desired, replicas, containerId, error } = body;
      expect([state, error]).toEqual([desired.state, null]);
      if (state !== 'running') return state as string;
      expect((await containers()).sort()).toEqual([containerId, replicas[0].companionId].sort());
      expect(await muster.volumes()).toHaveLength(1);
      const seen = await runInside(containerId as string, ['/bin/cat', '/workspace/seen', '/run/secrets/TOKEN']);
      expect(seen).toEqual({ code: 0, said: `${VALUE}${VALUE}` });
      await expectSecret(containerId as string, replicas[0].companionId as string);
      return state as string;
    }, 40_000);
  }

  /** Neither the engine nor the kernel shows it. */
  async function expectSecret(main: string, companion: string): Promise<void> {
    for (const id of [main, companion]) {
      const shown = JSON.stringify(await engine.getContainer(id).inspect());
      for (const form of FORMS) expect(shown).not.toContain(form);
    }
    const look = 'cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr "\\0" "\\n"; cat /proc/mounts';
    const { said } = await runInside(main, ['/bin/sh', '-c', look]);
    expect(said).toContain('TOKEN_FILE=/run/secrets/TOKEN');
    for (const form of FORMS) expect(said).not.toContain(form);
  }

  it('is given, kept, and gone with the agent', async () => {
    const outcomes: string[] = [];
    for (let step = 1; step <= MOST_STEPS; step++) {
      const agent = await muster.newAgent(`kept ${step}`, template);
      const killed = await startKilledAt(step, agent);
      outcomes.push(await check(agent));
      await muster.call('DELETE', `/projects/${agent.projectId}`);
      await eventually(async () => {
        expect([await containers(), await muster.volumes()]).toEqual([[], []]);
      }, 40_000);
      if (!killed) break;
    }
    expect(outcomes.length).toBeGreaterThan(5);
    expect(outcomes.length).toBeLessThan(MOST_STEPS);
    expect(outcomes.at(-1)).toBe('running');
    // In no line that Muster wrote, however much it was to write, and in no document.
    expect(muster.log).toContain('"level":"debug"');
    const documents: Uint8Array[] = [];
    const { db } = muster.database;
    for (const { name } of await db.listCollections().toArray()) {
      documents.push(...(await db.collection(name).find().toArray()).map((found) => BSON.serialize(found)));
    }
    const kept = Buffer.concat(documents);
    expect(kept.includes('secret.set')).toBe(true);
    for (const form of FORMS) {
      expect(muster.log.includes(form)).toBe(false);
      expect(kept.includes(form)).toBe(false);
    }
  }, 900_000);
});
