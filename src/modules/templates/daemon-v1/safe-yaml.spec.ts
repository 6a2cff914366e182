import { describe, expect, it } from '@jest/globals';
import { TemplateFileInvalidError } from '../../../domain/templates/template-file-invalid.error.js';
import { readYaml } from './safe-yaml.js';

function faultsOf(text: string): readonly string[] {
  try {
    readYaml(text);
  } catch (error) {
    if (error instanceof TemplateFileInvalidError) return error.faults.map(({ pointer, detail }) => pointer + detail);
    throw error;
  }
  return [];
}

describe('readYaml', () => {
  it.each([
    ['a tag', 'a: !!js/function "x"', 'line 1: tags'],
    ['a tag of the core schema', 'a: 1\nb: !!str 1', 'line 2: tags'],
    ['an alias', 'a: &x [1]\n\nb: *x', 'line 3: aliases'],
    ['an alias bomb', `a: &a [x]\n${'b: &b [*a,*a,*a]\n'.repeat(9)}`, 'line 2: aliases'],
    ['a merge key', 'a: {x: 1}\n<<: {y: 2}', '/<<line 2: merge keys'],
    ['a key that stands twice', 'a:\n  b: 1\n  b: 2', '/a/bline 3: the key stands twice'],
    ['keys that are the same as texts', '1: a\n"1": b', '/1line 2: the key stands twice'],
    ['more than one document', 'a: 1\n---\nb: 2', 'line 2: '],
    ['a list as a key', '? [a]\n: 1', 'line 1: '],
    ['text that is no YAML', 'a: [1\nb: "', 'line 2: '],
    ['deep flow nesting', '['.repeat(500_000), 'line 1: is nested too deeply'],
    ['deep flow nesting that ends', '{a: '.repeat(4000) + '1' + '}'.repeat(4000), 'line 1: is nested too deeply'],
    ['deep lists', '- '.repeat(500_000), 'line 1: is nested too deeply'],
    ['deep explicit keys', '? '.repeat(500_000), 'line 1: is nested too deeply'],
    ['deep keys in a line', 'a: '.repeat(300_000), 'line 1: is nested too deeply'],
    [
      'deep indentation',
      Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      'is nested too deeply',
    ],
    ['a file of commas', `[${','.repeat(900_000)}]`, 'line 1: the file has more than'],
    ['a file of anchors', '&a '.repeat(300_000), 'line 1: the file has more than'],
    [
      'more anchors than anything could use',
      `a: ${'&a '.repeat(40_000)}x`,
      'line 1: the file has more than 100 anchors',
    ],
    ['a file of line ends', '\n'.repeat(900_000), 'the file has more than'],
  ])('refuses %s', (_, text, start) => {
    expect(faultsOf(text)[0]).toContain(start);
  });

  it('reads YAML 1.2, whatever version the file claims', () => {
    expect(readYaml('%YAML 1.1\n---\na: yes\nb: 2001-01-01\nc: 0o17\nd: ~').value).toEqual({
      a: 'yes',
      b: '2001-01-01',
      c: 15,
      d: null,
    });
  });

  it('reads JSON', () => {
    expect(readYaml('{"a": [1, {"b": null}], "c": "\\u00e9"}').value).toEqual({ a: [1, { b: null }], c: 'é' });
  });

  it('reads a file that begins with a byte order mark', () => {
    expect(readYaml('\uFEFFa: 1').value).toEqual({ a: 1 });
  });

  it('reads deep but sane nesting', () => {
    const deep = Array.from({ length: 60 }, (_, depth) => `${'  '.repeat(depth)}a:`).join('\n');
    expect(faultsOf(deep)).toEqual([]);
    expect(faultsOf(`${'['.repeat(60)}${']'.repeat(60)}`)).toEqual([]);
  });

  it('knows the line of each value, and of the nearest when there is none', () => {
    const file = readYaml('# first\na:\n  b:\n    - x\n    - y: 1\n\nc: 2\n');
    expect(file.lineOf(['a', 'b', 1, 'y'])).toBe(5);
    expect(file.lineOf(['a', 'b', '1'])).toBe(5);
    expect(file.lineOf(['c'])).toBe(7);
    expect(file.lineOf(['a', 'missing', 'deeper'])).toBe(2);
    expect(file.lineOf([])).toBe(2);
  });
});
