import { Header, type HeaderData } from 'tar/header';

/** One entry of an archive, as a hostile sender would write it too. */
export interface TarEntry extends HeaderData {
  readonly content?: string | Buffer;
}

/** A tar stream with exactly these entries. */
export function tarOf(entries: readonly TarEntry[], end = true): Buffer {
  const blocks = entries.flatMap(({ content = '', ...told }) => {
    const bytes = Buffer.from(content);
    const block = Buffer.alloc(512);
    new Header({ mode: 0o644, mtime: new Date(1e12), type: 'File', size: bytes.length, ...told }).encode(block, 0);
    return [block, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, end ? Buffer.alloc(1024) : Buffer.alloc(0)]);
}
