import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Moment } from '../support/database-proxy.js';
import { eventually } from '../support/eventually.js';
import { SteppedMuster } from '../support/stepped-muster.js';

const ROLES = ['project_manager', 'architect', 'developer', 'reviewer', 'tester'];
/** More steps than creating a project has; the test notices by itself where they end. */
const MOST_STEPS = 40;

/**
 * Creates a project while the process is killed at its k-th database command, for every k, before the command arrives
 * and after it was carried out. Whatever happens: no project and nothing of it, or the project with all its agents, and
 * each of them logged once.
 */
describe('project creation, killed at every step', () => {
  let muster: SteppedMuster;
  let templates: string[];

  beforeAll(async () => {
    muster = await SteppedMuster.start();
    templates = await Promise.all(
      ROLES.map(async (role) => {
        const { body } = await muster.call('POST', '/templates', {
          name: role.replace('_', '-'),
          role,
          soul: `I am the ${role}.`,
          systemPrompt: 'Work.',
          config: { provider: 'echo', model: 'none' },
        });
        return body.id as string;
      }),
    );
  });

  afterAll(async () => {
    await muster.end();
  });

  /** Kills Muster at its k-th command after now. Resolves to whether it came to that many. */
  async function createKilledAt(step: number, moment: Moment, name: string): Promise<boolean> {
    const roleAssignments = ROLES.map((role, index) => ({ role, templateId: templates[index] }));
    const { killed } = await muster.killAt(
      step,
      ({ kind }) => kind === moment,
      async () => {
        await muster.call('POST', '/projects', { name, roleAssignments });
        // What is done after the answer (the event log) are steps too: give them time to come, then go on without a kill.
        await eventually(() => {
          if (!muster.isKilled) throw new Error('not yet');
          return Promise.resolve();
        }, 1_000).catch(() => null);
      },
    );
    return killed;
  }

  async function check(name: string): Promise<'absent' | 'complete'> {
    const { db } = muster.database;
    const projects = await db.collection('projects').find({ name }).toArray();
    expect(projects.length).toBeLessThanOrEqual(1);
    const project = projects[0];
    if (project === undefined) return 'absent';

    const instances = await eventually(async () => {
      const found = await db.collection('agent_instances').find({ projectId: project._id }).toArray();
      expect(found).toHaveLength(ROLES.length);
      return found;
    });
    expect(new Set(instances.map((instance) => instance['identifier']))).toHaveProperty('size', ROLES.length);

    const subjects = [project._id, ...instances.map((instance) => instance._id)].map((id) => id.toHexString());
    await eventually(async () => {
      const logged = await db
        .collection('event_log')
        .find({ 'subject.id': { $in: subjects } })
        .toArray();
      const types = logged.map((entry) => entry['type'] as string).sort();
      expect(types).toEqual([...Array<string>(ROLES.length).fill('agent-instance.created'), 'project.created']);
    });
    return 'complete';
  }

  it.each(['before', 'after'] as const)(
    'leaves nothing or N agents for N assignments, one event each, when killed %s a command',
    async (moment) => {
      const outcomes: string[] = [];
      for (let step = 1; step <= MOST_STEPS; step += 1) {
        const name = `killed ${moment} ${step}`;
        const killed = await createKilledAt(step, moment, name);
        outcomes.push(await check(name));
        if (!killed) break;
      }
      // The loop has to have gone past the last step, and the kills must have hit both sides of the deciding write.
      expect(outcomes.length).toBeLessThan(MOST_STEPS);
      expect(outcomes).toContain('absent');
      expect(outcomes).toContain('complete');
    },
    300_000,
  );
});
