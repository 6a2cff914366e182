import { Global, Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { IdempotencyRecords } from '../../domain/idempotency/idempotency-records.js';
import { IDEMPOTENCY_KEYS, IdempotencyKeySchema } from './idempotency-key.schema.js';
import { MongoIdempotencyRecords } from './idempotency-records.repository.js';

@Global()
@Module({
  imports: [MongooseModule.forFeature([{ name: IDEMPOTENCY_KEYS, schema: IdempotencyKeySchema }])],
  providers: [{ provide: IdempotencyRecords, useClass: MongoIdempotencyRecords }],
  exports: [IdempotencyRecords],
})
export class IdempotencyDataModule {}
