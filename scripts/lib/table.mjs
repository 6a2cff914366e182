/**
 * A table for people: columns as wide as their longest cell, numbers to the right. Where it is wider than the terminal,
 * the last column goes below its row, cut to fit.
 *
 * @param {readonly string[]} head
 * @param {readonly (readonly (string | number)[])[]} rows
 * @param {{ columns?: number }} [options] the terminal's width; as wide as it gets unless told
 * @returns {string}
 */
export function table(head, rows, { columns = Infinity } = {}) {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => String(row[column]).length)));
  const line = (cells) =>
    cells
      .map((cell, column) =>
        typeof cell === 'number' ? String(cell).padStart(widths[column]) : String(cell).padEnd(widths[column]),
      )
      .join('  ')
      .trimEnd();
  if (head.length > 1 && widths.reduce((sum, width) => sum + width + 2, -2) > columns) {
    const [titles, ...beside] = table(
      head.slice(0, -1),
      rows.map((row) => row.slice(0, -1)),
    ).split('\n');
    const below = rows.map((row) => `  ${shorten(String(row.at(-1)), columns - 2)}`);
    return [titles, beside[0], ...beside.slice(1).flatMap((row, index) => [row, below[index]])].join('\n');
  }
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** @param {string} text @param {number} width @returns {string} one line of at most that many characters */
export function shorten(text, width) {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
