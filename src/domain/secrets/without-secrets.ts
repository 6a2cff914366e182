const MASK = '[secret]';
/** Of a value of several lines: shorter ones are words that anything may say. */
const SHORTEST_LINE = 8;
/** What is left of a value where a text was cut: fewer characters are no help to anybody, and would be found everywhere. */
const SHORTEST_REST = 4;

/**
 * A text that some program wrote, without values that it was given, should it have written them: as they are, each line of those that
 * have several, and as base64 or in an address. The text may be the end of a longer one. Against accidents: who means to can write a
 * value in any other way.
 */
export function withoutSecrets(text: string, values: readonly Uint8Array[]): string {
  const forms = [...new Set(values.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  const masked = forms.reduce((rest, form) => rest.replaceAll(form, MASK), text);
  const cut = Math.max(0, ...forms.map((form) => restOf(form, masked)));
  return cut === 0 ? masked : `${MASK}${masked.slice(cut)}`;
}

function formsOf(value: Uint8Array): readonly string[] {
  const bytes = Buffer.from(value);
  const text = bytes.toString().replace(/[\r\n]+$/, '');
  const lines = text.split(/\r?\n/);
  const long = lines.length > 1 ? lines.filter(({ length }) => length >= SHORTEST_LINE) : [];
  // With the line break at its end, and without.
  const encoded = [bytes, Buffer.from(text)].map((of) => of.toString('base64').replace(/=+$/, ''));
  return [text, ...long, ...encoded, inAnAddress(text)].filter((form) => form !== '');
}

/** Half a pair of surrogates, which no UTF-8 text has, could not be written there. */
const inAnAddress = (text: string): string => encodeURIComponent(text.toWellFormed());

/** How many characters at the beginning of the text are the end of that form. */
function restOf(form: string, text: string): number {
  for (let length = Math.min(form.length - 1, text.length); length >= SHORTEST_REST; length -= 1) {
    if (text.startsWith(form.slice(-length))) return length;
  }
  return 0;
}
