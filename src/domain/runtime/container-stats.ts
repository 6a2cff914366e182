/** What a container uses, at one moment. */
export interface ContainerStats {
  readonly at: Date;
  /** Since the moment before; 100 is one whole core. */
  readonly cpuPercent: number;
  /** Since the container was started. */
  readonly cpuSeconds: number;
  /** Without what the kernel can give back at once (files it has read). */
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly pids: number;
  readonly pidsLimit: number | null;
  /** From and to disks, since the container was started. null while the engine tells of no disk: not every kernel measures them. */
  readonly blockReadBytes: number | null;
  readonly blockWrittenBytes: number | null;
  /** null without a network. */
  readonly network: { readonly receivedBytes: number; readonly sentBytes: number } | null;
}
