import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { TerminalRecords } from '../../domain/terminals/terminal-records.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { outboxSourceProvider } from '../outbox/outbox-source.provider.js';
import { TERMINAL_MODEL, terminalSchema } from './terminal.schema.js';
import { MongoTerminals } from './terminals.repository.js';

@Module({
  imports: [OutboxModule, MongooseModule.forFeature([{ name: TERMINAL_MODEL, schema: terminalSchema }])],
  providers: [{ provide: TerminalRecords, useClass: MongoTerminals }, outboxSourceProvider('terminal', TERMINAL_MODEL)],
  exports: [TerminalRecords],
})
export class TerminalsDataModule {}
