/**
 * Runs inside the child before agent-server, in its main thread:
 *
 * - It waits for a byte on stdin. Muster sends it when it has written down the child's pid; when Muster is killed before,
 *   the pipe closes and the child ends, so that no process is left that nobody knows of.
 * - It writes the time and the stream before each line of output, for the log is one plain file that has to go on while
 *   Muster is away. It stops writing when the file is twice its limit, that is, when nobody rotates it.
 */
export function processPrelude(maxLogBytes: number): string {
  return `data:text/javascript,${encodeURIComponent(`
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';
const writeSync = fs.writeSync;
let unchecked = Infinity, full = false;
function recorder(fd, name) {
  let pending = '';
  const line = (text) => {
    if ((unchecked += text.length) > 65536) { unchecked = 0; full = fs.fstatSync(fd).size > ${2 * maxLogBytes}; }
    if (!full) try { writeSync(fd, new Date().toISOString() + ' ' + name + ' ' + text + '\\n'); } catch {}
  };
  process.on('exit', () => { if (pending) line(pending); pending = ''; });
  return (chunk) => {
    const lines = (pending + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())).split('\\n');
    pending = lines.pop();
    lines.forEach(line);
    if (pending.length > 65536) { line(pending); pending = ''; }
  };
}
if (isMainThread) {
  if (fs.readSync(0, Buffer.alloc(1)) === 0) process.exit(0);
  const record = { 1: recorder(1, 'stdout'), 2: recorder(2, 'stderr') };
  fs.writeSync = (fd, chunk, ...rest) => {
    if (!record[fd]) return writeSync(fd, chunk, ...rest);
    record[fd](chunk);
    return Buffer.byteLength(chunk);
  };
  syncBuiltinESMExports();
  for (const [fd, stream] of [[1, process.stdout], [2, process.stderr]]) {
    stream.write = (chunk, encoding, done) => {
      record[fd](chunk);
      done = typeof encoding === 'function' ? encoding : done;
      if (done) process.nextTick(done);
      return true;
    };
  }
}`)}`;
}
