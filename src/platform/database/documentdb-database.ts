import { create } from '@muster/documentdb-server';
import { DATABASE_NAME, type Progress, type RunningDatabase } from './running-database.js';

/** Runs packages/documentdb-server on a data folder until stop(). */
export async function startDocumentDb(folder: string, reason: string, progress: Progress): Promise<RunningDatabase> {
  const server = await create({ dataDir: folder, onProgress: progress });
  const uri = new URL(server.uri);
  uri.pathname = `/${DATABASE_NAME}`;
  return {
    kind: 'documentdb',
    uri: uri.toString(),
    description: `documentdb-server on 127.0.0.1:${server.port}, data in ${folder} (${reason})`,
    stop: async () => server.stop(),
  };
}
