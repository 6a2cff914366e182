import { byTurns, median, timed } from '../measure.mjs';

const ROLES = ['project_manager', 'architect', 'developer', 'reviewer', 'tester'];
const AT_ONCE = 16;

/**
 * projects.create: five assignments, until the five snapshots are readable, 16 at once; against the same six documents
 * written by the plain driver, one insert each, with the same write concern.
 */
export async function projectCreation({ api, db, rounds, count = 96 }) {
  const templates = await Promise.all(
    ROLES.map((role) =>
      api('POST', '/templates', {
        json: {
          name: `bench-create-${role.replace('_', '-')}`,
          role,
          soul: `I am the ${role}. `.repeat(60),
          systemPrompt: 'Do your part. '.repeat(60),
          config: { provider: 'echo', model: 'none' },
        },
      }),
    ),
  );
  const roleAssignments = templates.map(({ id, role }) => ({ templateId: id, role }));
  const create = async (name) => {
    const project = await api('POST', '/projects', { json: { name, roleAssignments } });
    const { items } = await api('GET', `/projects/${project.id}/agents`);
    if (items.length !== ROLES.length) throw new Error(`${name}: ${items.length} snapshots were readable`);
    return project;
  };

  // The documents Muster writes, taken from the database, are what the plain driver has to write.
  const sample = await create('bench create sample');
  const projectRow = await db.collection('projects').findOne({ name: 'bench create sample' });
  const instanceRows = await db.collection('agent_instances').find({ projectId: projectRow._id }).toArray();
  if (instanceRows.length !== ROLES.length) throw new Error(`${sample.id}: the sample has no five instances`);
  const plain = { projects: db.collection('bench_projects'), instances: db.collection('bench_agent_instances') };

  const figures = await byTurns({
    rounds,
    muster: (round) =>
      timed({ count, atOnce: AT_ONCE }, async (i) => void (await create(`bench create ${round} ${i}`))),
    limit: () =>
      timed({ count, atOnce: AT_ONCE }, async () => {
        const { _id, ...project } = projectRow;
        const { insertedId } = await plain.projects.insertOne({ ...project });
        await Promise.all(
          instanceRows.map(({ _id, ...instance }) => plain.instances.insertOne({ ...instance, projectId: insertedId })),
        );
        await plain.instances.find({ projectId: insertedId }).toArray();
      }),
  });
  await Promise.all([plain.projects.drop(), plain.instances.drop()]);
  const ratio = median(figures.muster, 'perSecond') / median(figures.limit, 'perSecond');
  return [
    {
      name: 'projects.create (5 roles, 16 at once)',
      unit: 'projects/s',
      limit: 'six inserts, plain driver',
      figures,
      ratio,
      met: ratio >= 0.5,
      wanted: '≥ 0.5',
    },
  ];
}
