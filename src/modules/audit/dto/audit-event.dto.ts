import { ApiProperty } from '@nestjs/swagger';
import type { LogEntry } from '../../../domain/events/event-log.js';
import { EventDto } from '../../../platform/http/event.dto.js';

const HASH = 'b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78';

/** An entry of the log, whole: its hash can be computed again from what stands here. */
export class AuditEventDto extends EventDto {
  @ApiProperty({ example: HASH, description: '`hash` of the entry before it; 64 zeros for the first' })
  readonly prevHash!: string;

  @ApiProperty({
    example: HASH,
    description: 'SHA-256 over the RFC 8785 canonical JSON of the entry without hash, signature and keyId',
  })
  readonly hash!: string;

  @ApiProperty({
    example: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-Pw',
    description: "Ed25519 over the hash's 32 bytes, in base64url",
  })
  readonly signature!: string;

  @ApiProperty({ example: '3f1c0a9be2d47c55', description: 'Which key signed' })
  readonly keyId!: string;
}

export const toAuditEventDto = (entry: LogEntry): AuditEventDto => ({
  seq: entry.seq,
  eventId: entry.eventId,
  type: entry.type,
  tenantId: entry.tenantId,
  actor: entry.actor,
  subject: entry.subject,
  at: entry.at,
  data: entry.data,
  prevHash: entry.prevHash,
  hash: entry.hash,
  signature: entry.signature,
  keyId: entry.keyId,
});
