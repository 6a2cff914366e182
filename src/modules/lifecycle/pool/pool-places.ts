import { Injectable } from '@nestjs/common';
import { join } from 'node:path';
import type { PoolMemberId } from '../../../domain/ids.js';
import { Configuration } from '../../../platform/config/configuration.js';

/** Where the folders of a prepared container lie until it is claimed. */
export interface PoolPlace {
  readonly privateFolder: string;
  readonly workspaceFolder: string;
}

/** What prepared containers are called, and where their folders lie: told from their ids alone. */
@Injectable()
export class PoolPlaces {
  constructor(private readonly configuration: Configuration) {}

  /** On the file systems that agents' own folders are on, so that they can be renamed to these. */
  of(id: PoolMemberId): PoolPlace {
    const { dataDir, artifactsDir } = this.configuration;
    return { privateFolder: join(dataDir, 'run', `pool-${id}`), workspaceFolder: join(artifactsDir, 'pool', id) };
  }

  nameOf(id: PoolMemberId): string {
    return `muster_pool_${id}`;
  }
}
