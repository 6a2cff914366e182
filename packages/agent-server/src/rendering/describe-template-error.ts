const MOST_CHARACTERS = 300;

/** ejs puts "ejs:<line>", the lines around and an empty line in front of the message it was given. */
const EJS_POSITION = /^ejs:(\d+)\n(?:(?: >> | {4})\d+\| .*\n)*\n/;

/** ejs writes its position into whatever was thrown, and this is how V8 refuses that for what is no object. */
const THROWN_PRIMITIVE = /^Cannot create property 'path' on (\w+) '([^]*)'$/;

/** One bounded line: what the template threw, and at which of its lines where ejs knows. */
export function describeTemplateError(error: unknown): string {
  const whole = messageOf(error);
  const position = EJS_POSITION.exec(whole);
  const message = position === null ? whole : whole.slice(position[0].length);
  const primitive = THROWN_PRIMITIVE.exec(message);
  const line = position === null ? '' : ` (line ${position[1] ?? '?'} of the system prompt)`;
  return `${bounded(primitive === null ? message : `it threw the ${primitive[1] ?? ''} ${primitive[2] ?? ''}`)}${line}`;
}

function messageOf(error: unknown): string {
  try {
    if (error instanceof Error) return error.message;
    return String(error);
  } catch {
    return 'it threw something that cannot be shown';
  }
}

function bounded(message: string): string {
  const [firstLine = ''] = message.trim().split('\n', 1);
  // eslint-disable-next-line no-control-regex -- control characters are what it removes
  const clean = firstLine.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ').trim();
  return clean.length > MOST_CHARACTERS ? `${clean.slice(0, MOST_CHARACTERS)}…` : clean || 'it threw an empty error';
}
