import { CST, Lexer } from 'yaml';

/** More marks (keys, commas, dashes, comments, line ends …) than any real template has; parsing them takes under 1 s. */
const MOST_MARKS = 100_000;
/** Without aliases they say nothing. The parser reports each that stands too much, which takes its time. */
const MOST_ANCHORS = 100;
const DEEPEST_FLOW = 70;
/** Columns in which a dash, question mark or colon stands below another: about three for a level. */
const DEEPEST_BLOCK = 210;

export interface ScanFault {
  /** In UTF-16 units from the start of the text. */
  readonly offset: number;
  readonly detail: string;
}

/**
 * What may not even be parsed. The parser is recursive: an engine whose stack has run out in it can end the whole
 * process, so depth is found with its lexer, which is not. Tags and aliases are found on the way.
 */
export function scanYaml(text: string): ScanFault | null {
  let offset = 0;
  let lineStart = 0;
  let marks = 0;
  let anchors = 0;
  let flowDepth = 0;
  const columns: number[] = [];
  let inScalar = false;

  for (const mark of new Lexer().lex(text)) {
    if (++marks > MOST_MARKS) return { offset, detail: `the file has more than ${MOST_MARKS} marks` };
    const type: string | null = inScalar ? 'scalar text' : CST.tokenType(mark);
    inScalar = type === 'scalar';
    // These stand for something without being in the text.
    if (type === 'scalar' || type === 'doc-mode' || type === 'flow-error-end') continue;

    if (type === 'tag') return { offset, detail: 'tags (!…) are not allowed: values are what they look like' };
    if (type === 'alias') return { offset, detail: 'aliases (*…) are not allowed: write the value out' };
    if (type === 'anchor' && ++anchors > MOST_ANCHORS) {
      return { offset, detail: `the file has more than ${MOST_ANCHORS} anchors (&…)` };
    }
    if (type === 'flow-map-start' || type === 'flow-seq-start') flowDepth++;
    else if (type === 'flow-map-end' || type === 'flow-seq-end') flowDepth = Math.max(0, flowDepth - 1);
    else if (type === 'seq-item-ind' || type === 'explicit-key-ind' || type === 'map-value-ind') {
      const column = offset - lineStart;
      while ((columns.at(-1) ?? -1) >= column) columns.pop();
      columns.push(column);
    }
    if (flowDepth > DEEPEST_FLOW || columns.length > DEEPEST_BLOCK) return { offset, detail: 'is nested too deeply' };

    const lastLine = mark.lastIndexOf('\n');
    if (lastLine >= 0) lineStart = offset + lastLine + 1;
    offset += mark.length;
  }
  return null;
}
