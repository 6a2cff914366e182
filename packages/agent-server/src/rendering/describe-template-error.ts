const MOST_CHARACTERS = 300;

/** ejs puts "ejs:<line>", the lines around and an empty line in front of the message it was given. */
const EJS_POSITION = /^ejs:(\d+)\n(?:(?: >> | {4})\d+\| .*\n)*\n/;

/** ejs writes its position into whatever was thrown, and this is how V8 refuses that for what is no object. */
const THROWN_PRIMITIVE = [
  /^Cannot create property 'path' on (\w+ '[^]*')$/,
  /^Cannot set properties of (null|undefined) \(setting 'path'\)$/,
];

/** One bounded line: what the template threw, and at which of its lines where ejs knows. */
export function describeTemplateError(error: unknown): string {
  const whole = messageOf(error);
  const position = EJS_POSITION.exec(whole);
  const message = position === null ? whole : whole.slice(position[0].length);
  const line = position === null ? '' : ` (line ${position[1] ?? '?'} of the system prompt)`;
  return `${bounded(thrownPrimitive(message) ?? message)}${line}`;
}

function thrownPrimitive(message: string): string | undefined {
  const found = THROWN_PRIMITIVE.map((pattern) => pattern.exec(message)?.[1]).find((thrown) => thrown !== undefined);
  return found === undefined ? undefined : `it threw ${found}, not an Error`;
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
  const clean = firstLine
    .replace(/\p{Cc}/gu, ' ')
    .replace(/[.\s]+$/, '')
    .trim();
  return clean.length > MOST_CHARACTERS ? `${clean.slice(0, MOST_CHARACTERS)}…` : clean || 'it threw an empty error';
}
