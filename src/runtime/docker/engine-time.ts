/** A time as the engine's queries take it: seconds, a point, nanoseconds. */
export function engineTime(time: Date): string {
  const ms = time.getTime();
  return `${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}000000`;
}
