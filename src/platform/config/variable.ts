/** One variable of the environment. */
export interface Variable<T> {
  /** What it means, for .env.example: one sentence, or two. */
  readonly meaning: string;
  /** As .env.example shows it; null when the variable has no default, and is unset unless somebody sets it. */
  readonly example: string | null;
  /** What holds while it is unset. */
  readonly fallback: T;
  /** @returns the value, or what is wrong with the text */
  readonly parse: (text: string) => Parsed<T>;
  /** Its text is never printed. */
  readonly secret?: true;
}

export type Parsed<T> = { readonly value: T } | { readonly fault: string };

export type ValueOf<V> = V extends Variable<infer T> ? T : never;

interface About {
  readonly meaning: string;
  readonly secret?: true;
}

/** Any text; `fallback` when unset. */
export function text(fallback: string, about: About): Variable<string> {
  return { ...about, example: fallback, fallback, parse: (value) => ({ value }) };
}

/** Any text that meets `rule`; undefined when unset. `example` shows in .env.example as a comment's value. */
export function optionalText(
  about: About & { readonly rule?: (value: string) => string | null },
): Variable<string | undefined> {
  const { rule, ...rest } = about;
  return {
    ...rest,
    example: null,
    fallback: undefined,
    parse: (value) => {
      const fault = rule?.(value) ?? null;
      return fault === null ? { value } : { fault };
    },
  };
}

/** A whole number within limits, both included. */
export function integer(fallback: number, min: number, max: number, about: About): Variable<number> {
  return {
    ...about,
    example: String(fallback),
    fallback,
    parse: (value) => {
      const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
      return number >= min && number <= max
        ? { value: number }
        : { fault: `must be a whole number from ${min} to ${max}` };
    },
  };
}

/** One of a few words. */
export function oneOf<const W extends string>(words: readonly W[], fallback: W, about: About): Variable<W> {
  return {
    ...about,
    example: fallback,
    fallback,
    parse: (value) => {
      const word = words.find((candidate) => candidate === value);
      return word === undefined ? { fault: `must be one of ${words.join(', ')}` } : { value: word };
    },
  };
}

/** `1` is yes; `0` or unset is no. */
export function flag(about: About): Variable<boolean> {
  return {
    ...about,
    example: '0',
    fallback: false,
    parse: (value) => (value === '1' || value === '0' ? { value: value === '1' } : { fault: 'must be 1 or 0' }),
  };
}

/** Words separated by commas, each meeting `pattern`, none twice. */
export function list(
  fallback: readonly string[],
  pattern: RegExp,
  item: string,
  about: About,
): Variable<readonly string[]> {
  return {
    ...about,
    example: fallback.join(','),
    fallback,
    parse: (value) => {
      const items = value.split(',').map((part) => part.trim());
      const wrong = items.filter((part) => !pattern.test(part));
      if (wrong.length > 0) return { fault: `"${wrong[0] ?? ''}" is not ${item}` };
      if (new Set(items).size < items.length) return { fault: 'names something twice' };
      return { value: items };
    },
  };
}

/** A JSON list of texts, each meeting `rule`; none when unset. */
export function optionalTexts(
  about: About & { readonly rule: (item: string) => string | null },
): Variable<readonly string[]> {
  const { rule, ...rest } = about;
  return {
    ...rest,
    example: null,
    fallback: [],
    parse: (value) => {
      const items = textsIn(value);
      if (items === null) return { fault: 'must be a JSON list of texts, as in ["one", "two"]' };
      const faults = items.flatMap((item) => {
        const fault = rule(item);
        return fault === null ? [] : [`"${item}" ${fault}`];
      });
      return faults.length > 0 ? { fault: faults.join('; ') } : { value: items };
    },
  };
}

function textsIn(json: string): readonly string[] | null {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null;
  } catch {
    return null;
  }
}
