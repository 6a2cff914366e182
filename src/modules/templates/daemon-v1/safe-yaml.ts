import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type ParsedNode, type YAMLMap } from 'yaml';
import type { Fault } from '../../../domain/errors/domain-error.js';
import type { JsonValue } from '../../../domain/json.js';
import { pointerTo } from '../../../domain/json-pointer.js';
import { TemplateFileInvalidError } from '../../../domain/templates/template-file-invalid.error.js';
import type { Path, TemplateFile } from './template-file.js';
import { scanYaml } from './yaml-scan.js';

/** Syntax faults follow from one another; more than these help nobody. */
const MOST_FAULTS = 20;

/**
 * One YAML 1.2 document in the core schema: plain data, without tags, aliases, merge keys and double keys.
 * @throws TemplateFileInvalidError
 */
export function readYaml(text: string): TemplateFile {
  const lines = new LineCounter();
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line);

  const unfit = scanYaml(text);
  if (unfit !== null) {
    const line = text.slice(0, unfit.offset).split('\n').length;
    throw new TemplateFileInvalidError([{ pointer: '', detail: `line ${line}: ${unfit.detail}` }]);
  }
  const document = parseDocument(text, {
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    prettyErrors: false,
    logLevel: 'error',
    lineCounter: lines,
    // the parser compares every key with every other; see keyFaults
    uniqueKeys: false,
  });
  const syntax = document.errors.slice(0, MOST_FAULTS).map(({ pos, message }) => ({
    pointer: '',
    detail: `line ${lineAt(pos[0])}: ${message}`,
  }));
  const faults = syntax.length > 0 ? syntax : keyFaults(document, lineAt);
  if (faults.length > 0) throw new TemplateFileInvalidError(faults);
  return {
    value: document.toJS({ maxAliasCount: 0 }) as JsonValue,
    lineOf: (path) => lineAt(offsetOf(document, path)),
  };
}

/** Keys that stand twice in a mapping, and merge keys. */
function keyFaults(document: Document.Parsed, lineAt: (offset: number) => number): Fault[] {
  const faults: Fault[] = [];
  const visit = (node: unknown, path: Path): void => {
    if (faults.length >= MOST_FAULTS) return;
    if (isSeq(node))
      node.items.forEach((item, index) => {
        visit(item, [...path, index]);
      });
    if (!isMap<ParsedNode>(node)) return;
    const seen = new Set<string>();
    for (const { key, value } of node.items) {
      const name = nameOf(key);
      const tell = (detail: string): void => {
        faults.push({ pointer: pointerTo([...path, name]), detail: `line ${lineAt(key.range[0])}: ${detail}` });
      };
      if (seen.has(name)) tell('the key stands twice');
      else if (name === '<<' && isScalar(key) && key.type === 'PLAIN') tell('merge keys (<<) are not allowed');
      seen.add(name);
      visit(value, [...path, name]);
    }
  };
  visit(document.contents, []);
  return faults;
}

/** Where the value at `path` begins, by its key; where its nearest ancestor does when it is not there. */
function offsetOf(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const part of path) {
    if (isSeq<ParsedNode>(node)) {
      node = node.items[Number(part)];
      offset = (node as ParsedNode | undefined)?.range[0] ?? offset;
    } else if (isMap<ParsedNode>(node)) {
      const pair: YAMLMap<ParsedNode>['items'][number] | undefined = node.items.find(({ key }) => nameOf(key) === part);
      node = pair?.value;
      offset = pair?.key.range[0] ?? offset;
    }
  }
  return offset;
}

const nameOf = (key: unknown): string => (isScalar(key) ? String(key.value) : '');
