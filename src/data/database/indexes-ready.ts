import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';

/** As many as there are connections from the start: more would wait for new ones, which a busy database makes slowly. */
const AT_ONCE = 2;

/** Nothing is served before every collection and index is there: unique indexes are what keeps two writers apart. */
@Injectable()
export class IndexesReady implements OnModuleInit {
  constructor(@InjectConnection() private readonly connection: Connection) {}

  async onModuleInit(): Promise<void> {
    const models = Object.values(this.connection.models);
    const work = async (): Promise<void> => {
      for (let model = models.pop(); model !== undefined; model = models.pop()) {
        await model.createCollection();
        await model.createIndexes();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
}
