/** The data of each event of a text/event-stream, as it comes (HTML Living Standard, 9.2.6). */
export async function* readEventStream(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let text = '';
  let data: string[] = [];
  const decoder = new TextDecoder();
  for await (const piece of body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(piece, { stream: true });
    // A carriage return at the end may be half of a line's end.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    text = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
      if (line !== '' || data.length === 0) continue;
      yield data.join('\n');
      data = [];
    }
  }
}
