/**
 * The items of a JSON list, each as it was written.
 * @param json a list, and valid JSON
 */
export function listItems(json: string): readonly string[] {
  const items: string[] = [];
  const list = json.trim();
  let begin = 1;
  let depth = 0;
  for (let at = 1; at < list.length; at += 1) {
    const character = list.charAt(at);
    if (character === '"') at = endOfText(list, at);
    else if (character === '[' || character === '{') depth += 1;
    else if (depth > 0 && (character === ']' || character === '}')) depth -= 1;
    else if (depth === 0 && (character === ',' || character === ']')) {
      items.push(list.slice(begin, at).trim());
      begin = at + 1;
    }
  }
  return items.length === 1 && items[0] === '' ? [] : items;
}

/** Where the text that begins there ends. */
function endOfText(json: string, begin: number): number {
  let at = begin + 1;
  while (at < json.length && json.charAt(at) !== '"') at += json.charAt(at) === '\\' ? 2 : 1;
  return at;
}
