import { seeded } from './random-template.js';

/** Names and values that a program may take for something else than data. */
const NAMES = [
  'constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__', 'prototype', 'then', 'toJSON', 'length', '$where', '$set', '$ref', '_id',
  '_bsontype', 'a.b', '', ' ', '0', '-1', 'é', '\ud800', '\u0000', 'x'.repeat(2000), 'name', 'role', 'soul', 'config', 'manifest', 'action',
] as const; // prettier-ignore
const LEAVES = [
  'null', 'true', 'false', '0', '-0', '-1', '1.5', '1e400', '-1e400', '1e-400', '9007199254740993', '18446744073709551616', '""', '" "',
  '"text"', '"\\u0000"', '"\\ud800"', '"\\udc00x"', '"__proto__"', '"constructor"', '"66f2a1c09b1e8a4d3c5f7a10"', '"<%= 1 %>"', '"$where"', '"../../x"',
  '"2027-01-01T00:00:00Z"', '"1"', '[]', '{}', '[[]]', '[null]', '{"$gt":""}', '{"constructor":{"prototype":{}}}', '{"toString":1,"valueOf":1}',
] as const; // prettier-ignore
const NEST = 200;

/** JSON texts that a careless program falls over; the same for the same seed. */
export class RandomJson {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  /** A text of its own, or `base` with something wrong in it (now and then with nothing wrong). */
  text(base: unknown): string {
    return this.random() < 0.6 ? this.mutated(base, 1) : this.value(4);
  }

  /** A text with some characters gone, doubled or replaced. */
  damaged(text: string): string {
    let result = text;
    for (let times = this.below(4); times >= 0; times--) {
      const at = this.below(result.length + 1);
      const cut = this.below(12);
      result = result.slice(0, at) + this.pick(DAMAGE) + result.slice(at + cut);
    }
    return result;
  }

  private mutated(value: unknown, chance: number): string {
    if (this.random() < 0.25 * chance) return this.value(3);
    if (Array.isArray(value)) return `[${value.map((item) => this.mutated(item, chance)).join(',')}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const members = Object.entries(value).map(([name, member]) => this.member(name, this.mutated(member, chance)));
    if (this.random() < 0.3) members.push(this.member(this.pick(NAMES), this.value(3)));
    return `{${members.filter(() => this.random() < 0.95).join(',')}}`;
  }

  private value(depth: number): string {
    const kind = this.below(depth > 0 ? 12 : 8);
    if (kind === 11) return `${'['.repeat(NEST)}${']'.repeat(NEST)}`;
    if (kind === 10) return JSON.stringify('x'.repeat(this.below(300_000)));
    if (kind === 9) return `[${this.several(() => this.value(depth - 1)).join(',')}]`;
    if (kind === 8) return `{${this.several(() => this.member(this.pick(NAMES), this.value(depth - 1))).join(',')}}`;
    return this.pick(LEAVES);
  }

  private member(name: string, value: string): string {
    return `${JSON.stringify(name)}:${value}`;
  }

  private several<T>(make: () => T): T[] {
    return Array.from({ length: this.below(5) }, make);
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

const DAMAGE = [
  '', ' ', '\n', '\t', ':', ': ', '- ', '? ', '#', '&a ', '*a', '!!js/function ', '<<: ', '{', '}', '[', ']', '"', "'", '|\n', '>\n', '---\n', '%',
  '\u0000', '\ufeff', '\u2028', 'null', '~', '1e999', '__proto__: x\n', 'constructor: {}\n', '[['.repeat(40), '  '.repeat(60),
] as const; // prettier-ignore
