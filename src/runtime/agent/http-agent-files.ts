import type { FileChange, FileEntry } from '../../domain/files/file-entry.js';
import {
  AgentFiles,
  type ArchiveRequest,
  type ByteStream,
  type FileContent,
  type FileList,
  type FileListRequest,
  type FileWriteRequest,
} from '../../domain/runtime/agent-files.js';
import { AgentUnreachableError } from '../../domain/runtime/runtime-errors.js';
import type { AgentStreams, JsonAnswer } from './agent-streams.js';
import { parseContentHead, parseFileChange, parseFileEntry, parseFileList, parseUnpacked } from './file-answers.js';
import { LineAssembler } from './line-assembler.js';

/** Files over the connection to an agent-server. */
export class HttpAgentFiles extends AgentFiles {
  constructor(
    private readonly container: string,
    private readonly streams: AgentStreams,
  ) {
    super();
  }

  async list({ path, recursive, limit, after }: FileListRequest, signal: AbortSignal): Promise<FileList> {
    const query = { path, recursive, limit, after };
    const { body } = await this.streams.json({ method: 'GET', path: '/v1/files', query, signal });
    return this.understood(parseFileList(body));
  }

  async read(path: string, maxBytes: number, range: string | undefined, signal: AbortSignal): Promise<FileContent> {
    const response = await this.streams.open({
      method: 'GET',
      path: '/v1/files/content',
      query: { path, maxBytes },
      headers: range === undefined ? {} : { range },
      signal,
    });
    const head = parseContentHead(response.statusCode ?? 0, response.headers);
    if (head === null || head.length > maxBytes) {
      response.destroy();
      throw new AgentUnreachableError(this.container);
    }
    return { ...head, bytes: this.streams.bytes(response) };
  }

  async write(
    { path, maxBytes, ifMatch, ifNoneMatch = false }: FileWriteRequest,
    body: ByteStream,
    signal: AbortSignal,
  ): Promise<{ entry: FileEntry; created: boolean }> {
    const answer = await this.streams.json({
      method: 'PUT',
      path: '/v1/files/content',
      query: { path, maxBytes },
      headers: {
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch === '*' ? '*' : `"${ifMatch}"` }),
        ...(ifNoneMatch ? { 'if-none-match': '*' } : {}),
      },
      body,
      signal,
    });
    return { entry: this.understood(parseFileEntry(answer.body)), created: answer.status === 201 };
  }

  async remove(path: string, recursive: boolean, signal: AbortSignal): Promise<void> {
    await this.streams.json({ method: 'DELETE', path: '/v1/files', query: { path, recursive }, signal });
  }

  async makeFolder(path: string, signal: AbortSignal): Promise<boolean> {
    const { status } = await this.streams.json({ method: 'POST', path: '/v1/files/folders', query: { path }, signal });
    return status === 201;
  }

  async pack(
    { path, maxBytes, maxEntries, complete = false }: ArchiveRequest & { complete?: boolean },
    signal: AbortSignal,
  ): Promise<ByteStream> {
    const query = { path, maxBytes, maxEntries, complete };
    return this.streams.bytes(await this.streams.open({ method: 'GET', path: '/v1/files/archive', query, signal }));
  }

  async unpack(
    { path, maxBytes, maxEntries, gzip }: ArchiveRequest & { gzip: boolean },
    body: ByteStream,
    signal: AbortSignal,
  ): Promise<{ files: number; bytes: number }> {
    const query = { path, maxBytes, maxEntries, gzip };
    const answer: JsonAnswer = await this.streams.json({
      method: 'PUT',
      path: '/v1/files/archive',
      query,
      body,
      signal,
    });
    return this.understood(parseUnpacked(answer.body));
  }

  async watch(path: string, signal: AbortSignal): Promise<AsyncIterable<FileChange>> {
    const response = await this.streams.open({ method: 'GET', path: '/v1/files/watch', query: { path }, signal });
    return this.changes(this.streams.bytes(response, Infinity), signal);
  }

  private async *changes(bytes: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<FileChange> {
    const lines = new LineAssembler();
    try {
      for await (const piece of bytes) {
        for (const line of lines.push(piece)) yield this.understood(parseFileChange(this.parsed(line)));
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  private parsed(line: string): unknown {
    try {
      return JSON.parse(line);
    } catch (cause) {
      throw new AgentUnreachableError(this.container, { cause });
    }
  }

  private understood<T>(value: T | null): T {
    if (value === null) throw new AgentUnreachableError(this.container);
    return value;
  }
}
