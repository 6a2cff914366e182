import type { FastifyReply } from 'fastify';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';

export interface AnswerSettings {
  /** Proxies cut a connection that is silent for a minute or so. */
  readonly heartbeatMs: number;
  /** How long a client may take nothing before it is cut off. */
  readonly stallMs: number;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const EVENTS_TYPE = 'text/event-stream; charset=utf-8';
/** An answer longer than this is waited for, so that slow clients do not make Muster keep many of them. */
const LARGE = 256 * 1024;

/**
 * The HTTP answer that messages go out by: one JSON object where the last message is the only one, else a stream of server-sent
 * events (MCP 2025-11-25, "Sending Messages to the Server").
 */
export class Answer {
  private events: PassThrough | null = null;
  private readonly heartbeat: NodeJS.Timeout;
  private isFinished = false;
  /** Resolves when it has been sent, or nobody is there for it any more. */
  readonly done: Promise<void>;

  constructor(
    private readonly reply: FastifyReply,
    private readonly settings: AnswerSettings,
  ) {
    this.done = new Promise((resolve) => {
      if (reply.raw.destroyed) resolve();
      else
        reply.raw.once('close', () => {
          resolve();
        });
    });
    this.heartbeat = setInterval(() => {
      this.write(': still here\n\n');
    }, settings.heartbeatMs).unref();
    void this.done.then(() => {
      this.isFinished = true;
      clearInterval(this.heartbeat);
    });
  }

  /** Somebody waits for more of it. */
  get isOpen(): boolean {
    return !this.isFinished && !this.reply.raw.destroyed;
  }

  /** Before anything has gone out. null takes a header away. */
  header(name: string, value: string | null): void {
    if (this.events !== null || this.isFinished) return;
    if (value === null) this.reply.removeHeader(name);
    else this.reply.header(name, value);
  }

  /** Sends the headers: it is a stream, whatever comes. */
  begin(): void {
    this.write(': here\n\n');
  }

  /** Resolves when the client has taken it, or is gone. */
  async deliver(text: string): Promise<void> {
    if (!this.write(eventOf(text))) await this.taken();
  }

  /** The last of it; without a text there was nothing to say. */
  async finish(text: string | null): Promise<void> {
    if (!this.isOpen) return;
    this.isFinished = true;
    clearInterval(this.heartbeat);
    if (this.events === null && text !== null) {
      void this.reply.status(200).header('content-type', JSON_TYPE).send(text);
    } else {
      this.stream().end(text === null ? '' : eventOf(text));
    }
    if (text !== null && text.length > LARGE) await this.taken();
  }

  /** There is nothing to say but that it was taken. */
  accept(): void {
    if (!this.isOpen) return;
    this.isFinished = true;
    clearInterval(this.heartbeat);
    void this.reply.status(202).send();
  }

  private write(text: string): boolean {
    return this.isOpen ? this.stream().write(text) : true;
  }

  private stream(): PassThrough {
    if (this.events !== null) return this.events;
    const events = new PassThrough();
    // What breaks is told by the connection's end.
    events.on('error', () => undefined);
    this.events = events;
    void this.reply
      .status(200)
      .header('content-type', EVENTS_TYPE)
      .header('cache-control', 'no-store')
      .header('x-accel-buffering', 'no')
      .send(events);
    return events;
  }

  /** Until there is room for more; a client that makes none for too long is cut off. */
  private async taken(): Promise<void> {
    const stalled = setTimeout(() => {
      this.reply.raw.destroy();
    }, this.settings.stallMs).unref();
    const settled = new AbortController();
    const room =
      this.events === null || this.isFinished
        ? this.done
        : once(this.events, 'drain', { signal: settled.signal }).catch(() => undefined);
    await Promise.race([room, this.done]);
    settled.abort();
    clearTimeout(stalled);
  }
}

const eventOf = (text: string): string => `event: message\ndata: ${text}\n\n`;
