import type { ManagedInstance } from '../lifecycle/managed-instance.js';
import type { UplinkHandler } from '../runtime/uplink.js';

/** @param flooded called when the hook does nothing but ask */
export type DecideForHook = (instance: ManagedInstance, flooded: () => void) => UplinkHandler;

/** Where whoever decides what agents may reach says that it decides for their hooks too, before the first of them runs. */
export abstract class HookCallers {
  abstract decidedBy(decide: DecideForHook): void;
}
