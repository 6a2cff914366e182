const MIB = 1024 * 1024;
const MOST_BYTES = 256 * MIB;
/** A worker alone takes some 20 MiB, and large texts are copied several times. */
const LEAST_BYTES = 64 * MIB;
const LOOK_EVERY_MS = 10;

/**
 * Calls back when the process has grown too much since now: memory outside of V8's heap (buffers) counts too, and one
 * large allocation, which V8 would end the process for, is seen before the next.
 * @returns what ends the watch
 */
export function watchMemory(onExceeded: (limitMiB: number) => void): () => void {
  const limit = Math.max(LEAST_BYTES, Math.min(MOST_BYTES, process.availableMemory() / 2));
  const before = process.memoryUsage.rss();
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() - before <= limit) return;
    clearInterval(timer);
    onExceeded(Math.floor(limit / MIB));
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
  };
}
