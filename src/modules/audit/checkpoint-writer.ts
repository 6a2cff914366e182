import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CheckpointStore, type Checkpoint } from '../../domain/events/checkpoint.js';
import type { LogHead } from '../../domain/events/event-log.js';
import { Signer } from '../../domain/events/signer.js';
import type { TenantId } from '../../domain/ids.js';
import { canonicalJson } from '../../platform/crypto/canonical-json.js';

const PERIOD_MS = 60_000;

/** The bytes of a checkpoint that are signed. */
export const checkpointBytes = ({ tenantId, seq, hash, at }: Omit<Checkpoint, 'keyId' | 'signature'>): Uint8Array =>
  Buffer.from(canonicalJson({ tenantId, seq, hash, at }), 'utf8');

/** Writes down, once a minute and at the end, how far each log that moved has come. */
@Injectable()
export class CheckpointWriter implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(CheckpointWriter.name);
  private readonly moved = new Map<TenantId, LogHead>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: CheckpointStore,
    private readonly signer: Signer,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.write(), PERIOD_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** This is a log's end now. */
  note(tenantId: TenantId, head: LogHead): void {
    this.moved.set(tenantId, head);
  }

  /** Writes a checkpoint for each log that moved. What fails is logged, and written the next time. */
  async write(): Promise<void> {
    for (const [tenantId, head] of [...this.moved]) {
      try {
        const { seq, hash } = head;
        const body = { tenantId, seq, hash, at: new Date().toISOString() };
        const signature = await this.signer.sign(checkpointBytes(body));
        await this.store.append({ ...body, keyId: this.signer.keyId, signature });
        if (this.moved.get(tenantId) === head) this.moved.delete(tenantId);
      } catch (cause) {
        this.logger.error({ msg: 'a checkpoint of the event log could not be written', tenantId, err: cause });
      }
    }
  }
}
