import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { EventClient } from '../support/event-client.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_KEY, MusterProcess } from '../support/muster-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

describe('a client that follows the events while Muster is killed', () => {
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let latest: MusterProcess | undefined;

  beforeAll(async () => {
    [database, folder] = await Promise.all([testDatabase(), temporaryFolder()]);
    await start();
  }, 120_000);

  afterAll(async () => {
    await latest?.kill();
    await folder.remove();
    await database.drop();
  });

  const start = async (): Promise<MusterProcess> =>
    (latest = await MusterProcess.start({ mongoUri: database.uri, dataDir: folder.path }));

  it('has, after three kills, the whole log in its order and each event once', async () => {
    let muster = latest!;
    const seen: { seq: number; eventId: string }[] = [];
    let lastEventId = '0';
    let made = 0;
    for (let round = 0; round < 3; round += 1) {
      const stream = await EventClient.follow(muster.url, { key: ADMIN_KEY, lastEventId });
      const making = Promise.allSettled(
        Array.from({ length: 40 }, async () =>
          muster.call('POST', '/templates', { name: `killed-${made++}`, role: 'developer' }),
        ),
      );
      // Some events are with the client, some in the log, some in outboxes, some not written yet.
      await stream.until(({ events }) => events.length > 5);
      await muster.kill();
      expect(await stream.ended).toBe('cut');
      await making;
      seen.push(...stream.events);
      lastEventId = stream.lastEventId!;
      muster = await start();
    }
    const templates = await database.db.collection('templates').countDocuments();
    const stream = await EventClient.follow(muster.url, { key: ADMIN_KEY, lastEventId });
    const created = (): number =>
      [...seen, ...stream.events].filter((event) => (event as { type?: string }).type === 'template.created').length;
    await stream.until(() => created() === templates);
    stream.leave();
    seen.push(...stream.events);
    await eventually(async () => {
      const log = await database.db.collection('event_log').find().sort({ seq: 1 }).toArray();
      expect(seen.map(({ seq, eventId }) => [seq, eventId])).toEqual(
        log.map((entry) => [entry['seq'], String(entry['eventId'])]),
      );
    });
    expect(templates).toBeGreaterThan(15);
  }, 240_000);
});
