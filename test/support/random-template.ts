import type { JsonObject, JsonValue } from '../../src/domain/json.js';
import type { TemplateContent } from '../../src/domain/templates/template.js';

/** Numbers in [0, 1), the same for the same seed (mulberry32), so that a failing case can be had again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What YAML, JSON, EJS and databases are known to trip over. */
const PIECES = [
  'word', ' ', '  ', '\n', '\n\n', '\t', '\r', '\r\n', ':', ': ', ' #', '#', '- ', '? ', '-', '---', '...', '|', '>', '|-', '>+', '%', '@', '`',
  '&a', '*a', '!tag', '!!js/function', '<<', '{', '}', '[', ']', ',', '"', "'", '\\', '\\n', '~', 'null', 'true', 'yes', 'no', 'on', '0x1F',
  '0o17', '017', '1e3', '.5', '.nan', '-.inf', '1_000', '12:30:45', '2001-01-01', '<%= process.platform %>', '<%- x %>', '%>', 'é', '日本', '😀',
  '\u0085', '\u2028', '\u2029', '\u00a0', '\u200b', '\uFEFF', '\u0001', '\u0007', '\u007f', '\u009f', '$ref', '$id', 'a.b', '_bsontype', '=',
]; // prettier-ignore

/** Templates with everything in them that a file format could lose. */
export class RandomTemplates {
  constructor(private readonly random: () => number) {}

  content(name: string): TemplateContent {
    const url = { url: 'https://example.com/mcp?a=1#b' };
    return {
      displayName: this.maybe(() => this.text(4).replace(/^\s*$/, 'x').slice(0, 60) || name, name),
      description: this.text(6),
      role: this.pick(['', 'reviewer', 'project_manager', '1-a']),
      tags: this.list(3, () => this.text(3).slice(0, 60) || 'tag'),
      labels: this.list(3, () => this.text(3) || 'label'),
      soul: this.text(30),
      aieos_identity: this.maybe(() => this.object(4), null),
      systemPrompt: this.text(60),
      tools: this.list(4, () =>
        this.maybe<JsonValue>(
          () => ({ [`t__${this.key()}`.replace(/\p{Cc}/gu, '').slice(0, 150) + 't']: this.value(3) }),
          'fs__file__view',
        ),
      ),
      config: {
        provider: this.pick(['', 'echo', 'ollama', 'x.ai']),
        model: this.pick(['', 'gpt-4o', 'claude-3-5-sonnet', '7b', 'null', '1.5']),
        skills: this.text(5),
        canWriteCode: this.random() < 0.5,
        mcpServers: this.list(2, () => ({
          name: 'search',
          ...this.maybe<object>(() => url, { command: this.text(2) || 'x', args: [this.text(2)] }),
        })),
      },
      manifest: this.maybe<TemplateContent['manifest']>(
        () => ({ image: 'muster/agent:1', resources: { cpus: 0.5, memoryMiB: 256 }, gracePeriodSeconds: 0 }),
        {},
      ),
      extensions: this.extensions(),
    };
  }

  object(depth: number): JsonObject {
    return Object.fromEntries(this.list(4, () => [this.key(), this.value(depth - 1)] as const));
  }

  text(pieces: number): string {
    return this.list(pieces, () => this.pick(PIECES)).join('');
  }

  private extensions(): JsonObject {
    const metadata = this.object(2);
    const top = this.object(2);
    return {
      ...Object.fromEntries(Object.entries(top).map(([key, value]) => [`x-${key}`, value])),
      ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    };
  }

  private value(depth: number): JsonValue {
    const kind = Math.floor(this.random() * (depth > 0 ? 7 : 5));
    if (kind === 0) return null;
    if (kind === 1) return this.random() < 0.5;
    if (kind === 2) return this.pick([0, -1, 1.5, 1e21, 5e-324, 2 ** 53, -1e-7, 0.1]);
    if (kind <= 4) return this.text(5);
    return kind === 5 ? this.object(depth) : this.list(3, () => this.value(depth - 1));
  }

  private key(): string {
    return this.maybe(
      () => this.text(3),
      this.pick(['', 'constructor', 'toString', '1', '<<', '@type', 'x'.repeat(1100)]),
    );
  }

  private list<T>(most: number, make: () => T): T[] {
    return Array.from({ length: Math.floor(this.random() * (most + 1)) }, make);
  }

  private maybe<T>(make: () => T, otherwise: T): T {
    return this.random() < 0.6 ? make() : otherwise;
  }

  private pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)]!;
  }
}
