/**
 * The limit of the read scenarios: a bare Fastify that does the same queries with the plain driver, and nothing else.
 * A process of its own, as Muster is. Prints its port.
 */
import Fastify from 'fastify';
import { MongoClient, ObjectId } from 'mongodb';

const client = await MongoClient.connect(process.env.MONGODB_URI);
const db = client.db();
const server = Fastify();

server.get('/templates/:id', async (request) => {
  const { id } = request.params;
  return db.collection('templates').findOne({ _id: new ObjectId(id), tenantId: new ObjectId(request.query.tenant) });
});

server.get('/projects/:projectId/agents', async (request) => {
  const items = await db
    .collection('agent_instances')
    .find({ tenantId: new ObjectId(request.query.tenant), projectId: new ObjectId(request.params.projectId) })
    .sort({ _id: -1 })
    .limit(50)
    .toArray();
  return { items };
});

await server.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`${server.server.address().port}\n`);
process.once('SIGTERM', () => void server.close().then(() => client.close()));
