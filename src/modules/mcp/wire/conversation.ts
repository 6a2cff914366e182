import { DomainError } from '../../../domain/errors/domain-error.js';
import { ValidationFailedError } from '../../../domain/errors/validation-failed.error.js';
import type { McpSessionEnd } from '../../../domain/mcp/mcp-session.js';
import type { Answer } from './answer.js';
import { InFlight, type AskedRequest } from './in-flight.js';
import { errorText, isRequest, type Batch, type Message, type MessageId } from './message.js';
import type { StdioServer } from './stdio-server.js';

/** Of JSON-RPC's range for servers. */
const SERVER_ERROR = -32000;
/** Requests of one session that wait for their answers. */
export const MOST_IN_FLIGHT = 100;
/** What the server has not taken yet. */
const MOST_WAITING_BYTES = 8 * 1024 * 1024;
/** What the server said while nobody listened; beyond that it waits. */
const MOST_UNHEARD = 256;
const MOST_UNHEARD_BYTES = 1024 * 1024;
const TOLD_STDERR = 2000;

export interface Ending {
  readonly end: McpSessionEnd;
  readonly exitCode: number | null;
}

export interface ConversationEvents {
  /** The server has named the revision that it and the client speak. */
  readonly onAgreed: (protocolVersion: string) => void;
}

/**
 * Passes messages between one client, who sends each by an HTTP request of its own, and one server, which has one stream for
 * all. Texts and ids stay as they are. Where a message of the server goes: an answer to where it was asked for; progress to where
 * the request came from; anything else to the one request that is in flight, else to the client's listening stream. Nothing is
 * read of the server that could not be passed on, and nothing is dropped but answers that nobody waits for.
 */
export class Conversation {
  private readonly inFlight = new InFlight();
  private listener: Answer | null = null;
  private unheard: string[] = [];
  private unheardBytes = 0;
  private passing: Promise<void> = Promise.resolve();
  private makeRoom: () => void = () => undefined;
  private ending: Ending | null = null;
  private version: string | null = null;
  private lastUsedAt = Date.now();
  private settle: (ending: Ending) => void = () => undefined;
  private readonly ended = new Promise<Ending>((resolve) => {
    this.settle = resolve;
  });
  /** Resolves when nothing of the server is read any more. */
  readonly reading: Promise<void>;

  constructor(
    private readonly server: StdioServer,
    private readonly events: ConversationEvents,
  ) {
    this.reading = this.read();
  }

  /** The revision that client and server speak, by the server's word; null until it has said so. */
  get protocolVersion(): string | null {
    return this.version;
  }

  /** In ms; 0 while a client waits for an answer. */
  get unusedFor(): number {
    return this.inFlight.isWaitedFor ? 0 : Date.now() - this.lastUsedAt;
  }

  /** Until it is over. */
  async run(): Promise<Ending> {
    return this.ended;
  }

  /**
   * Passes on what a client sent, and answers it: requests once the server does.
   * @throws DomainError MCP_SESSION_BUSY, ValidationFailedError when a request has the id of one that is in flight
   */
  async take({ messages, text }: Batch, answer: Answer): Promise<void> {
    this.assertRoom(messages);
    this.lastUsedAt = Date.now();
    const asks = messages.some(isRequest);
    if (asks) this.inFlight.add(messages, answer);
    const sent = this.server.send(text);
    if (asks) void this.pass();
    await Promise.race([sent, answer.done, this.ended]);
    for (const { cancels } of messages) if (cancels !== null) this.forget(cancels);
    if (this.ending !== null) this.tellEnd(this.ending);
    if (!asks) answer.accept();
  }

  /** The stream on which a client hears what belongs to no request; it takes the place of the one before. */
  listen(answer: Answer): void {
    this.lastUsedAt = Date.now();
    const before = this.listener;
    this.listener = answer;
    void before?.finish(null);
    answer.begin();
    if (this.ending !== null) this.tellEnd(this.ending);
    void this.pass();
  }

  /** Ends it, if it has not ended yet; who waits for an answer is told. */
  finish(end: McpSessionEnd, exitCode: number | null = null): void {
    if (this.ending !== null) return;
    this.ending = { end, exitCode };
    this.tellEnd(this.ending);
    this.makeRoom();
    this.settle(this.ending);
  }

  private assertRoom(messages: readonly Message[]): void {
    const requests = messages.filter(isRequest);
    const ids = requests.map(({ id }) => id);
    const repeated = ids.find((id, at) => id !== null && (this.inFlight.has(id) || ids.indexOf(id) < at));
    if (repeated !== undefined) {
      throw new ValidationFailedError([{ pointer: '/id', detail: 'is that of a request that is not answered yet' }]);
    }
    const isFull = requests.length > 0 && this.inFlight.size + requests.length > MOST_IN_FLIGHT;
    if (!isFull && this.server.waitingBytes <= MOST_WAITING_BYTES) return;
    throw new DomainError(
      'MCP_SESSION_BUSY',
      `The MCP server has not answered ${this.inFlight.size} requests, and not taken ${this.server.waitingBytes} bytes. Wait for answers, then go on.`,
      { details: { inFlight: this.inFlight.size, waitingBytes: this.server.waitingBytes } },
    );
  }

  private async read(): Promise<void> {
    try {
      const messages = this.server.messages();
      for (;;) {
        const next = await messages.next();
        if (next.done === true) {
          if (next.value === 'too-long') this.finish('protocol-error');
          else this.finish('server-ended', this.ending === null ? await this.server.exitCode() : null);
          return;
        }
        if (this.ending === null) await this.hear(next.value);
      }
    } catch {
      // The engine went away, or what it sends is not to be understood.
      this.finish('failed');
    }
  }

  private async hear(message: Message): Promise<void> {
    if (message.kind === 'response') {
      await this.pass();
      await this.answer(message);
      return;
    }
    this.lastUsedAt = Date.now();
    const own = this.inFlight.answerFor(message);
    if (own !== null) {
      await this.pass();
      await own.deliver(message.text);
      return;
    }
    this.unheard.push(message.text);
    this.unheardBytes += message.text.length;
    await this.pass();
    while (this.isFull() && this.isGoingOn()) await this.room();
  }

  private async answer(message: Message): Promise<void> {
    const asked = this.inFlight.take(message.id);
    if (asked === null) {
      await this.server.useless(message.text.length);
      return;
    }
    this.lastUsedAt = Date.now();
    const isRefused = asked.method === 'initialize' && !this.begun(asked, message);
    await send(asked, message.text);
    if (isRefused) this.finish('refused');
  }

  /** The client hears of the session by the answer that begins it. false: the server will have none. */
  private begun({ group }: AskedRequest, { isError, protocolVersion }: Message): boolean {
    if (protocolVersion !== null && !isError) {
      this.version = protocolVersion;
      this.events.onAgreed(protocolVersion);
      return true;
    }
    group.answer.header('mcp-session-id', null);
    return false;
  }

  /** A request that was cancelled is not answered, as a rule: then its stream just ends. */
  private forget(id: MessageId): void {
    const asked = this.inFlight.take(id);
    if (asked?.group.waiting === 0) void asked.group.answer.finish(null);
  }

  /** One after the other, in the order in which the server said it. */
  private async pass(): Promise<void> {
    this.passing = this.passing.then(async () => {
      for (let to = this.hearer(); to !== null && this.unheard.length > 0; to = this.hearer()) {
        const text = this.unheard.shift() ?? '';
        this.unheardBytes -= text.length;
        await to.deliver(text);
        if (!this.isFull()) this.makeRoom();
      }
    });
    await this.passing;
  }

  private hearer(): Answer | null {
    const answers = this.inFlight.answers();
    const [only] = answers;
    if (answers.length === 1 && only !== undefined) return only;
    if (this.listener?.isOpen === true) return this.listener;
    return answers.at(-1) ?? null;
  }

  private isFull(): boolean {
    return this.unheard.length >= MOST_UNHEARD || this.unheardBytes >= MOST_UNHEARD_BYTES;
  }

  private isGoingOn(): boolean {
    return this.ending === null;
  }

  private async room(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.makeRoom = resolve;
    });
  }

  private tellEnd({ end, exitCode }: Ending): void {
    const stderr = this.server.stderr.slice(-TOLD_STDERR);
    const how = exitCode === null ? '' : ` (exit code ${exitCode})`;
    const message =
      end === 'server-ended' ? `The agent's MCP server has ended${how}.` : `The MCP session has ended: ${end}.`;
    for (const asked of this.inFlight.takeAll()) {
      if (asked.method === 'initialize') asked.group.answer.header('mcp-session-id', null);
      void send(asked, errorText(asked.id, SERVER_ERROR, message, { end, exitCode, stderr }));
    }
    void this.listener?.finish(null);
  }
}

const send = async ({ group }: AskedRequest, text: string): Promise<void> =>
  group.waiting === 0 ? group.answer.finish(text) : group.answer.deliver(text);
