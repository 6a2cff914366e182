import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import { DatabaseLocation } from '../../domain/database-location.js';
import { ReadinessCheck } from '../../domain/health/readiness-check.js';
import { DomainError } from '../../domain/errors/domain-error.js';

const PING_MS = 2_000;

/** Anybody may read this: no host, no path. Those are in the log's first lines. */
const KINDS = {
  external: 'external (MONGODB_URI is set)',
  mongod: 'mongod (embedded)',
  download: 'mongod (embedded, downloaded)',
  documentdb: 'documentdb-server (embedded)',
} as const satisfies Record<DatabaseLocation['kind'], string>;

/** The database answers a ping. */
@Injectable()
export class DatabaseCheck extends ReadinessCheck {
  readonly name = 'database';

  constructor(
    @InjectConnection() private readonly connection: Connection,
    private readonly location: DatabaseLocation,
  ) {
    super();
  }

  async check(): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new DomainError('DATABASE_UNAVAILABLE', `The database did not answer a ping within ${PING_MS} ms.`));
      }, PING_MS);
    });
    try {
      await Promise.race([this.connection.db?.command({ ping: 1 }), tooLate]);
      return KINDS[this.location.kind];
    } finally {
      clearTimeout(timer);
    }
  }
}
