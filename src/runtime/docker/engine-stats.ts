import type { ContainerStats } from '../../domain/runtime/container-stats.js';
import { LineAssembler } from '../agent/line-assembler.js';
import type { EngineClient } from './engine-client.js';
import { ignoring } from './engine-error.js';
import type { EngineFeatures } from './engine-features.js';
import { readEngineStream } from './engine-stream.js';

/** What of the engine's answer is read; which fields there are depends on the version of cgroups. */
export interface EngineStats {
  readonly read: string;
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } };
  readonly memory_stats?: {
    readonly usage?: number;
    readonly limit?: number;
    readonly stats?: Readonly<Record<string, number>>;
  };
  readonly pids_stats?: { readonly current?: number; readonly limit?: number };
  readonly blkio_stats?: {
    readonly io_service_bytes_recursive?: readonly { readonly op: string; readonly value: number }[] | null;
  };
  readonly networks?: Readonly<Record<string, { readonly rx_bytes: number; readonly tx_bytes: number }>>;
}

/** What a container was made with. */
interface Made {
  readonly pidsLimit: number | null;
  readonly hasNetwork: boolean;
}

const NANOSECONDS = 1e9;

export async function* readEngineStats(
  engine: EngineClient,
  features: EngineFeatures,
  id: string,
  signal: AbortSignal,
  heartbeatMs: number,
): AsyncGenerator<ContainerStats> {
  const made = (await features.traits()).measuresBounds ? null : await look(engine, id);
  const lines = new LineAssembler();
  const pieces = readEngineStream(engine, {
    what: `measure container ${id}`,
    path: `/containers/${id}/stats`,
    query: { stream: true },
    signal,
    heartbeatMs,
  });
  let before: EngineStats | null = null;
  for await (const piece of pieces) {
    for (const line of lines.push(piece)) {
      const seen = JSON.parse(line) as EngineStats;
      // Of one that does not run the engine sends empty measures for ever.
      if (seen.memory_stats?.usage === undefined) return;
      if (before !== null) yield { ...toStats(seen, before), ...boundsOf(seen, made) };
      before = seen;
    }
  }
}

async function look(engine: EngineClient, id: string): Promise<Made> {
  const info = await engine.call({
    what: `look at container ${id}`,
    run: (docker) => docker.getContainer(id).inspect().catch(ignoring(404)),
  });
  const { PidsLimit = 0, NetworkMode = '' } = info ? info.HostConfig : {};
  const hasNetwork = NetworkMode !== 'none' && !NetworkMode.startsWith('container:');
  return { pidsLimit: PidsLimit > 0 ? PidsLimit : null, hasNetwork };
}

function boundsOf(
  { pids_stats: pids = {}, networks }: EngineStats,
  made: Made | null,
): Pick<ContainerStats, 'pidsLimit' | 'network'> {
  const hasNetwork = networks !== undefined && (made === null || made.hasNetwork);
  return {
    pidsLimit: made === null ? (pids.limit ?? null) : made.pidsLimit,
    network: hasNetwork ? sumOf(Object.values(networks)) : null,
  };
}

export function toStats(seen: EngineStats, before: EngineStats): Omit<ContainerStats, 'pidsLimit' | 'network'> {
  const { memory_stats: memory = {}, pids_stats: pids = {} } = seen;
  const cpu = cpuOf(seen) - cpuOf(before);
  const elapsed = (Date.parse(seen.read) - Date.parse(before.read)) * 1e6;
  // Version 1 of cgroups has the first name, version 2 the second.
  const reclaimable = memory.stats?.['total_inactive_file'] ?? memory.stats?.['inactive_file'] ?? 0;
  return {
    at: new Date(seen.read),
    cpuPercent: elapsed > 0 ? Math.round((cpu / elapsed) * 10_000) / 100 : 0,
    cpuSeconds: cpuOf(seen) / NANOSECONDS,
    memoryBytes: Math.max(0, (memory.usage ?? 0) - reclaimable),
    memoryLimitBytes: memory.limit ?? 0,
    pids: pids.current ?? 0,
    blockReadBytes: blockBytes(seen, 'read'),
    blockWrittenBytes: blockBytes(seen, 'write'),
  };
}

const cpuOf = ({ cpu_stats }: EngineStats): number => cpu_stats?.cpu_usage?.total_usage ?? 0;

/** Without a disk's entry nothing was measured, or nothing was read and written: that cannot be told apart. */
function blockBytes({ blkio_stats }: EngineStats, op: 'read' | 'write'): number | null {
  const entries = blkio_stats?.io_service_bytes_recursive ?? [];
  if (entries.length === 0) return null;
  return entries.filter((entry) => entry.op.toLowerCase() === op).reduce((sum, { value }) => sum + value, 0);
}

function sumOf(interfaces: readonly { rx_bytes: number; tx_bytes: number }[]): ContainerStats['network'] {
  return interfaces.reduce(
    (sum, { rx_bytes, tx_bytes }) => ({
      receivedBytes: sum.receivedBytes + rx_bytes,
      sentBytes: sum.sentBytes + tx_bytes,
    }),
    { receivedBytes: 0, sentBytes: 0 },
  );
}
