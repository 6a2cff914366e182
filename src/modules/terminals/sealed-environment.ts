import type { TerminalId } from '../../domain/ids.js';
import type { SealedEnvironment } from '../../domain/terminals/terminal-records.js';
import { RequestSeal } from '../../platform/http/idempotency/request-seal.js';

type Environment = Readonly<Record<string, string>>;

/** What a client connects with: its ticket, or the API key itself. */
export interface Proof {
  readonly kind: 'byTicket' | 'byKey';
  readonly text: string;
}

/** The values may be secrets: they are kept so that only who may connect can open them, and only until then. */
export function sealEnvironment(
  id: TerminalId,
  env: Environment,
  { ticket, key }: { readonly ticket: string; readonly key: string },
): SealedEnvironment {
  const text = JSON.stringify(env);
  const sealed = (proof: string): string => Buffer.from(seal(id, proof).seal(text)).toString('base64');
  return { byTicket: sealed(ticket), byKey: sealed(key) };
}

/** null: it was not sealed with that. */
export function openEnvironment(id: TerminalId, sealed: SealedEnvironment, { kind, text }: Proof): Environment | null {
  try {
    return JSON.parse(seal(id, text).open(Buffer.from(sealed[kind], 'base64'))) as Environment;
  } catch {
    return null;
  }
}

const seal = (id: TerminalId, proof: string): RequestSeal => new RequestSeal(proof, ['terminal', id]);
