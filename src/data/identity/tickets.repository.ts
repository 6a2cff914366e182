import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import { Tickets, type Ticket } from '../../domain/identity/tickets.repository.js';
import type { ApiKeyId, TenantId } from '../../domain/ids.js';
import { driverCollection } from '../database/driver-collection.js';
import { TICKETS, type TicketRecord } from './ticket.schema.js';

@Injectable()
export class MongoTickets extends Tickets {
  private readonly collection: mongo.Collection<TicketRecord>;

  constructor(@InjectModel(TICKETS) model: Model<TicketRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async insert(hash: string, { tenantId, apiKeyId, path }: Ticket, expiresAt: Date): Promise<void> {
    const tenant = new Types.ObjectId(tenantId);
    await this.collection.deleteMany({ tenantId: tenant, $expr: { $lt: ['$expiresAt', '$$NOW'] } });
    await this.collection.insertOne({
      _id: hash,
      tenantId: tenant,
      apiKeyId: new Types.ObjectId(apiKeyId),
      path,
      expiresAt,
    });
  }

  async redeem(hash: string, path: string): Promise<Ticket | null> {
    const used = await this.collection.findOneAndDelete({
      _id: hash,
      path,
      $expr: { $gt: ['$expiresAt', '$$NOW'] },
    });
    if (used === null) return null;
    return {
      tenantId: used.tenantId.toHexString() as TenantId,
      apiKeyId: used.apiKeyId.toHexString() as ApiKeyId,
      path: used.path,
    };
  }
}
