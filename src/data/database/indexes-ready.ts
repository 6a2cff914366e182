import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';

/** Nothing is served before every collection and index is there: unique indexes are what keeps two writers apart. */
@Injectable()
export class IndexesReady implements OnModuleInit {
  constructor(@InjectConnection() private readonly connection: Connection) {}

  async onModuleInit(): Promise<void> {
    await Promise.all(
      Object.values(this.connection.models).map(async (model) => {
        await model.init();
      }),
    );
  }
}
