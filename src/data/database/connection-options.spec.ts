import { describe, expect, it } from '@jest/globals';
import { connectionOptions } from './connection-options.js';

describe('connectionOptions', () => {
  it('lets the connection string tune pools and waiting times', () => {
    const options = connectionOptions('mongodb://db/muster?maxPoolSize=7&serverselectiontimeoutms=100');
    expect(options).not.toHaveProperty('maxPoolSize');
    expect(options).not.toHaveProperty('serverSelectionTimeoutMS');
    expect(options).toHaveProperty('waitQueueTimeoutMS', 5_000);
  });

  it('does not let it weaken what a change relies on', () => {
    expect(connectionOptions('mongodb://db/muster?w=0&journal=false&readPreference=secondary')).toMatchObject({
      writeConcern: { w: 'majority', journal: true },
      readConcern: { level: 'majority' },
      readPreference: 'primary',
    });
  });
});
