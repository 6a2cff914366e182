import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AGENT_IMAGE, describeEngine } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { runInside } from '../support/inside-container.js';
import { RawMcp } from '../support/mcp/raw-mcp.js';
import { SteppedMuster, type Step, type SteppedAgent } from '../support/stepped-muster.js';

const MOST_STEPS = 30;
const ANSWER = `{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"sh"}}}`;
/** It does not mind that nobody is there any more, and leaves somebody behind who minds as little. */
const SERVER = `trap '' TERM HUP INT; read -r line; echo '${ANSWER}'; (trap '' TERM HUP; exec setsid sh -c 'sleep 3107; sleep 3107') & while :; do sleep 3107; done`;
const PING = { jsonrpc: '2.0', id: 2, method: 'ping' };

/**
 * Begins MCP sessions while Muster is killed at the k-th step of it, for every k: before a write of the session's record, or when it was
 * written and its answer is not there yet. The program starts between two of these. After the sweep nothing of them runs, nothing on record is open, and each that was is
 * told as lost, once.
 */
describeEngine('MCP sessions, when the Muster that holds them is killed', () => {
  let muster: SteppedMuster;
  let agent: SteppedAgent;
  let container: string;

  beforeAll(async () => {
    muster = await SteppedMuster.start({ RUNTIME: 'docker', AGENT_IMAGE });
    const { body } = await muster.call('POST', '/templates', {
      name: 'tools',
      role: 'developer',
      manifest: { mcp: { command: ['/bin/sh', '-c', SERVER] } },
    });
    agent = await muster.newAgent('tools', body.id as string);
    const started = await muster.call('POST', `${agent.path}/actions`, { action: 'start' }, { prefer: 'wait=60' });
    expect(started.body).toMatchObject({ state: 'running', error: null });
    container = started.body.containerId as string;
  });

  afterAll(async () => {
    await muster.end();
  });

  const sessions = () => muster.database.db.collection('mcp_sessions');
  const programs = async (): Promise<number> => {
    const script = `for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$f; echo; done 2>/dev/null`;
    const { said } = await runInside(container, ['sh', '-c', script]);
    return said.split('\n').filter((line) => line.trim() === 'sleep 3107').length;
  };
  const isOfASession = (step: Step): boolean =>
    step.kind !== 'engine call' &&
    step.command.collection === 'mcp_sessions' &&
    ['insert', 'update'].includes(step.command.name);

  it('leave no program, no place taken and nothing open, wherever that was', async () => {
    let step = 1;
    for (; step <= MOST_STEPS; step += 1) {
      const client = new RawMcp(muster, agent.path);
      const { answer, killed } = await muster.killAt(step, isOfASession, () => client.begin());
      if (!killed) {
        expect(answer?.status).toBe(200);
        break;
      }
      // What was begun there is nowhere else: the client begins anew on that.
      client.sessionId ??= 'f'.repeat(24);
      const { status, messages } = await new RawMcp(muster, agent.path).post(PING, {
        'mcp-session-id': client.sessionId,
      });
      expect([status, messages[0].code]).toEqual([404, 'NOT_FOUND']);
    }
    expect(step).toBeGreaterThan(4);
    expect(step).toBeLessThan(MOST_STEPS);

    // The last one, which is open, and some that Musters left.
    expect(await programs()).toBeGreaterThan(2);
    await muster.restart();
    expect(await programs()).toBeGreaterThan(2);
    // Nobody believes in a dead process for longer than that.
    await sessions().updateMany({ ownedUntil: { $ne: null } }, { $set: { ownedUntil: new Date(1) } });
    await eventually(async () => {
      expect(await sessions().countDocuments({ state: { $in: ['opening', 'open'] } })).toBe(0);
    }, 60_000);
    expect(await programs()).toBe(0);

    const { items } = (await muster.call('GET', `${agent.path}/mcp/sessions`)).body as {
      items: { id: string; state: string; end: string }[];
    };
    expect(items.length).toBeGreaterThan(0);
    expect(new Set(items.map(({ state, end }) => `${state} ${end}`))).toEqual(new Set(['ended lost']));
    await eventually(async () => {
      const log = await muster.database.db.collection('event_log').find({ 'subject.type': 'mcp-session' }).toArray();
      const told = log.map((entry) => `${entry['subject'].id} ${entry['type']}`).sort();
      const expected = items.flatMap(({ id }) => [`${id} mcp-session.closed`, `${id} mcp-session.opened`]);
      expect(told).toEqual(expected.sort());
    });
    const { lifecycle } = (await muster.call('GET', agent.path)).body;
    expect([lifecycle.state, lifecycle.containerId]).toEqual(['running', container]);
    expect((await new RawMcp(muster, agent.path).begin()).status).toBe(200);
  }, 300_000);
});
