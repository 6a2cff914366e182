import type { Variable } from './variable.js';
import { VARIABLES } from './variables.js';

const WIDTH = 110;

/** The text of .env.example: every variable with its meaning and default. A test holds the file to it. */
export function envExample(): string {
  const head = [
    '# Every variable that Muster reads, with its default. Copy to .env, or set them where Muster is started.',
    '# A line that is commented out has no default; an empty value counts as unset.',
  ].join('\n');
  const entries = Object.entries<Variable<unknown>>(VARIABLES).map(([name, { meaning, example }]) => {
    const comment = wrap(meaning)
      .map((line) => `# ${line}`)
      .join('\n');
    return `${comment}\n${example === null ? `#${name}=` : `${name}=${example}`}`;
  });
  return `${[head, ...entries].join('\n\n')}\n`;
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length + 1 > WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
