import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

const BLOCK = 512;
const END_OF_ARCHIVE = Buffer.alloc(2 * BLOCK);

/**
 * @typedef {object} TarEntry
 * @property {string} name its path in the archive; a folder's ends with a slash
 * @property {Buffer | string} [content] of a file
 * @property {{ path: string, size: number }} [file] a file on disk to read the content from, for a large one
 * @property {string} [link] what a symbolic link points to
 * @property {number} [mode] rwxr-xr-x for folders and rw-r--r-- for files unless told
 * @property {number} [owner] user and group id; 0 unless told
 */

/**
 * Writes a tar archive. The same entries give the same bytes, whenever and by whomever it is written, so that an
 * engine's build cache works.
 *
 * @param {Iterable<TarEntry>} entries
 * @returns {Readable}
 */
export function tarStream(entries) {
  return Readable.from(blocks(entries), { objectMode: false });
}

/**
 * @param {string} folder
 * @param {string} prefix where in the archive
 * @returns {Promise<TarEntry[]>} the files of a folder and of the folders in it, by name
 */
export async function tarFolder(folder, prefix) {
  const found = await readdir(folder, { withFileTypes: true, recursive: true });
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.sort().map(async (path) => {
      const name = path.slice(folder.length + 1).replaceAll('\\', '/');
      return { name: `${prefix}${name}`, content: await readFile(path) };
    }),
  );
}

/** @param {Iterable<TarEntry>} entries */
async function* blocks(entries) {
  for (const entry of entries) {
    const content = Buffer.from(entry.content ?? '');
    const size = entry.file?.size ?? content.length;
    yield header(entry, size);
    if (entry.file) yield* createReadStream(entry.file.path, { highWaterMark: 1 << 20 });
    else yield content;
    yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
  }
  yield END_OF_ARCHIVE;
}

/**
 * @param {TarEntry} entry
 * @param {number} size
 * @returns {Buffer} a POSIX ustar header
 */
function header(entry, size) {
  const { name, prefix } = splitName(entry.name);
  const isFolder = entry.name.endsWith('/');
  const block = Buffer.alloc(BLOCK);
  /** @param {number} value @param {number} offset @param {number} length */
  const octal = (value, offset, length) => block.write(value.toString(8).padStart(length - 1, '0'), offset, 'ascii');
  block.write(name, 0);
  octal(entry.mode ?? (isFolder ? 0o755 : 0o644), 100, 8);
  octal(entry.owner ?? 0, 108, 8);
  octal(entry.owner ?? 0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write(entry.link ? '2' : isFolder ? '5' : '0', 156, 'ascii');
  block.write(entry.link ?? '', 157);
  block.write('ustar\u000000', 257, 'ascii');
  block.write(prefix, 345);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 'ascii');
  return block;
}

/**
 * The name field holds 100 bytes; the folders of a longer path go to the prefix field.
 *
 * @param {string} path
 */
function splitName(path) {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' };
  const cut = path.indexOf('/', path.length - 101);
  const [prefix, name] = [path.slice(0, cut), path.slice(cut + 1)];
  if (cut < 1 || name === '' || Buffer.byteLength(prefix) > 155)
    throw new RangeError(`too long for a tar archive: ${path}`);
  return { name, prefix };
}
