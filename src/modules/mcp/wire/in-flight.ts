import type { Answer } from './answer.js';
import { isRequest, type Message, type MessageId } from './message.js';

/** Requests that came in one HTTP request are answered in one. */
interface Group {
  readonly answer: Answer;
  waiting: number;
}

export interface AskedRequest {
  readonly id: MessageId;
  readonly method: string | null;
  readonly progressToken: MessageId | null;
  readonly group: Group;
}

/** A text and a number that look the same are two ids. */
const keyOf = (id: MessageId): string => `${typeof id}:${id}`;

/** The client's requests that the server has not answered. */
export class InFlight {
  private readonly asked = new Map<string, AskedRequest>();

  get size(): number {
    return this.asked.size;
  }

  /** Is there a client that waits for an answer? */
  get isWaitedFor(): boolean {
    return this.answers().length > 0;
  }

  has(id: MessageId): boolean {
    return this.asked.has(keyOf(id));
  }

  add(messages: readonly Message[], answer: Answer): void {
    const requests = messages.filter(isRequest);
    const group: Group = { answer, waiting: requests.length };
    for (const { id, method, progressToken } of requests) {
      if (id !== null) this.asked.set(keyOf(id), { id, method, progressToken, group });
    }
  }

  /** The request that is answered by that, which is in flight no more; null: there is none, or was none. */
  take(id: MessageId | null): AskedRequest | null {
    if (id === null) return null;
    const found = this.asked.get(keyOf(id)) ?? null;
    if (found === null) return null;
    this.asked.delete(keyOf(id));
    found.group.waiting -= 1;
    return found;
  }

  /** One by one, so that each knows how many of its group are still to be answered. */
  *takeAll(): Generator<AskedRequest> {
    for (const { id } of [...this.asked.values()]) {
      const asked = this.take(id);
      if (asked !== null) yield asked;
    }
  }

  /** Where what belongs to a request goes: stdio says that of progress alone. null: to none, or to one whose client has left. */
  answerFor({ method, progressToken }: Message): Answer | null {
    if (method !== 'notifications/progress' || progressToken === null) return null;
    const of = [...this.asked.values()].find((asked) => asked.progressToken === progressToken);
    return of?.group.answer.isOpen === true ? of.group.answer : null;
  }

  /** Those that somebody waits for, the oldest first. */
  answers(): readonly Answer[] {
    const open = [...this.asked.values()].map(({ group }) => group.answer).filter(({ isOpen }) => isOpen);
    return [...new Set(open)];
  }
}
