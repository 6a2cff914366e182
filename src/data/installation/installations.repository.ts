import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { DomainError } from '../../domain/errors/domain-error.js';
import { newId, type InstallationId } from '../../domain/ids.js';
import { Installations } from '../../domain/installation.js';
import { isDuplicateKey } from '../database/is-duplicate-key.js';
import { INSTALLATIONS, type InstallationRecord } from './installation.schema.js';

@Injectable()
export class MongoInstallations extends Installations {
  private known: InstallationId | undefined;

  constructor(@InjectModel(INSTALLATIONS) private readonly model: Model<InstallationRecord>) {
    super();
  }

  async current(): Promise<InstallationId> {
    this.known ??= (await this.find()) ?? (await this.make());
    return this.known;
  }

  private async make(): Promise<InstallationId> {
    const installationId = newId<InstallationId>();
    try {
      await this.model.create({ _id: 'this', installationId, createdAt: new Date() });
      return installationId;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      const winner = await this.find();
      if (winner === null) throw new DomainError('INTERNAL', 'The installation id disappeared.', { cause: error });
      return winner;
    }
  }

  private async find(): Promise<InstallationId | null> {
    const record = await this.model.findOne({ _id: 'this' }).lean<InstallationRecord>();
    return record === null ? null : (record.installationId as InstallationId);
  }
}
