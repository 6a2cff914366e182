/**
 * What the scripts say while they work: one line for each step, with a check mark and the time it took.
 *
 *     ✓ engine  Docker 20.10.24 (1.2 s)
 *
 * On a terminal the line of a running step is shown at once and rewritten; elsewhere (CI, a pipe) each step is one
 * plain line, written when it ends.
 */

/**
 * @typedef {object} Step One thing under way.
 * @property {(note: string) => void} progress shows how far it is; only on a terminal
 * @property {(detail?: string) => void} done ends the step well
 * @property {(detail?: string) => void} skip ends the step: it was not needed, or not possible and not fatal
 * @property {(detail?: string) => void} fail ends the step badly
 */

/**
 * @typedef {object} Log
 * @property {(label: string) => Step} step starts a step
 * @property {(text: string) => void} info writes a line that belongs to no step
 * @property {(text: string) => void} warn writes a line that wants attention
 */

/**
 * Makes a log that writes to one stream. Give `process.stderr` where stdout carries data (`--json`).
 *
 * @param {{ stream?: NodeJS.WriteStream }} [options] the stream is stdout unless told
 * @returns {Log}
 */
export function createLog({ stream = process.stdout } = {}) {
  const live = Boolean(stream.isTTY) && process.env.TERM !== 'dumb';
  const colour = live && process.env.NO_COLOR === undefined;
  /** @param {number} code @param {string} text */
  const paint = (code, text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  /** @param {string} text */
  const line = (text) => stream.write(`${text}\n`);
  // Cut to the terminal's width, because a line that wraps cannot be rewritten.
  /** @param {string} text */
  const rewrite = (text) => stream.write(`\r\u001b[K${text.slice(0, (stream.columns ?? 80) - 1)}`);

  return {
    step(label) {
      const begun = performance.now();
      let over = false;
      if (live) rewrite(`… ${label}`);
      /** @param {string} mark @param {string | undefined} detail */
      const end = (mark, detail) => {
        over = true;
        if (live) rewrite('');
        const took = paint(2, `(${seconds(performance.now() - begun)})`);
        line([mark, label, ...(detail ? [detail] : []), took].join(' '));
      };
      return {
        progress: (note) => {
          // What still comes afterwards would be written into somebody else's line.
          if (live && !over) rewrite(`… ${label}: ${note}`);
        },
        done: (detail) => end(paint(32, '✓'), detail),
        skip: (detail) => end(paint(33, '–'), detail),
        fail: (detail) => end(paint(31, '✗'), detail),
      };
    },
    info: (text) => line(`  ${text}`),
    warn: (text) => line(`${paint(33, '!')} ${text}`),
  };
}

/** A log that says nothing. @type {Log} */
export const silentLog = {
  step: () => ({ progress() {}, done() {}, skip() {}, fail() {} }),
  info() {},
  warn() {},
};

/**
 * @param {number} milliseconds
 * @returns {string} such as "1.2 s"
 */
export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
