/** Who caused a change: an API key of the tenant, or Muster itself (then `id` names the part, for example "reconciler"). */
export interface Actor {
  readonly type: 'api-key' | 'system';
  readonly id: string;
}

export const systemActor = (part: string): Actor => ({ type: 'system', id: part });
