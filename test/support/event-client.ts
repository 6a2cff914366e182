import { request, type IncomingMessage } from 'node:http';

export interface StreamedEvent {
  readonly seq: number;
  readonly eventId: string;
  readonly type: string;
  readonly subject: { readonly type: string; readonly id: string };
  readonly data: Record<string, any>;
}

export interface FollowOptions {
  readonly key: string;
  readonly query?: string;
  readonly lastEventId?: string;
}

/** A client of GET /events that does with a stream what a browser's EventSource does. */
export class EventClient {
  readonly events: StreamedEvent[] = [];
  /** Messages with a name of their own. */
  readonly named: { readonly name: string; readonly data: any }[] = [];
  comments = 0;
  /** As an EventSource remembers it, to go on from there. */
  lastEventId: string | undefined;
  /** How it ended: `whole` when the server ended it properly. */
  readonly ended: Promise<'whole' | 'cut'>;
  private buffer = '';
  private told: () => void = () => undefined;

  private constructor(
    readonly status: number,
    readonly headers: IncomingMessage['headers'],
    private readonly response: IncomingMessage,
  ) {
    this.ended = new Promise((resolve) => {
      response.once('close', () => {
        resolve(response.complete ? 'whole' : 'cut');
        this.told();
      });
    });
    response.on('error', () => undefined);
    response.setEncoding('utf8').on('data', (text: string) => {
      this.take(text);
    });
  }

  static async follow(url: string, { key, query = '', lastEventId }: FollowOptions): Promise<EventClient> {
    return new Promise((resolve, reject) => {
      const call = request(`${url}/api/v1/events${query}`, {
        agent: false,
        headers: {
          authorization: `Bearer ${key}`,
          ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
        },
      });
      call.once('error', reject);
      call.once('response', (response) => {
        resolve(new EventClient(response.statusCode ?? 0, response.headers, response));
      });
      call.end();
    });
  }

  get seqs(): number[] {
    return this.events.map(({ seq }) => seq);
  }

  /** Resolves when what came meets the condition. */
  async until(condition: (client: this) => boolean): Promise<void> {
    while (!condition(this)) {
      if (this.response.closed) throw new Error(`the stream ended after ${JSON.stringify(this.seqs)}`);
      await new Promise<void>((resolve) => (this.told = resolve));
    }
  }

  /** Goes away without a word. */
  leave(): void {
    this.response.destroy();
  }

  private take(text: string): void {
    const messages = `${this.buffer}${text}`.split('\n\n');
    this.buffer = messages.pop()!;
    for (const message of messages) this.read(message);
    this.told();
  }

  private read(message: string): void {
    const fields = new Map(
      message.split('\n').map((line) => /^([^:]*): ?(.*)$/.exec(line)!.slice(1) as [string, string]),
    );
    if (fields.has('')) this.comments += 1;
    this.lastEventId = fields.get('id') ?? this.lastEventId;
    const data = fields.get('data');
    if (data === undefined) return;
    const name = fields.get('event');
    if (name === undefined) this.events.push(JSON.parse(data) as StreamedEvent);
    else this.named.push({ name, data: JSON.parse(data) });
  }
}
