import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AgentFiles, type ByteStream, type FileContent, type FileList } from '../../src/domain/runtime/agent-files.js';
import type { FileChange, FileEntry } from '../../src/domain/files/file-entry.js';
import { RuntimeError } from '../../src/domain/runtime/runtime-errors.js';
import type { FakeEngine } from './fake-engine.js';

/** The files of a container of the fake engine. Its archives are JSON: what tar does is tested where agent-server runs. */
export class FakeFiles extends AgentFiles {
  constructor(
    private readonly engine: FakeEngine,
    private readonly folder: string,
  ) {
    super();
  }

  async pack(): Promise<ByteStream> {
    this.engine.assertUp();
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
    const files = await Promise.all(
      entries
        .filter((entry) => entry.isFile())
        .map(async ({ parentPath, name }) => {
          const path = join(parentPath, name);
          return [path.slice(this.folder.length + 1), await readFile(path, 'utf8')];
        }),
    );
    await this.engine.beforeFiles('pack');
    return pieces(Buffer.from(JSON.stringify(Object.fromEntries(files))));
  }

  async unpack(_request: object, body: ByteStream): Promise<{ files: number; bytes: number }> {
    this.engine.assertUp();
    const read: Uint8Array[] = [];
    for await (const piece of body) read.push(piece);
    const bytes = Buffer.concat(read);
    const files = Object.entries(JSON.parse(bytes.toString('utf8')) as Record<string, string>);
    await this.engine.beforeFiles('unpack');
    for (const [path, text] of files) {
      await mkdir(dirname(join(this.folder, path)), { recursive: true });
      await writeFile(join(this.folder, path), text);
    }
    return { files: files.length, bytes: bytes.length };
  }

  list = (): Promise<FileList> => this.refuse();
  read = (): Promise<FileContent> => this.refuse();
  write = (): Promise<{ entry: FileEntry; created: boolean }> => this.refuse();
  remove = (): Promise<void> => this.refuse();
  makeFolder = (): Promise<boolean> => this.refuse();
  watch = (): Promise<AsyncIterable<FileChange>> => this.refuse();

  private refuse<T>(): Promise<T> {
    return Promise.reject(new RuntimeError('unsupported', 'The engine in memory packs and unpacks, and nothing else.'));
  }
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
