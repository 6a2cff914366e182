/** `provider:model`, split at the first colon; a model's own name may hold more of them. Without a colon there is no provider. */
export function splitModel(text: string): { provider: string; model: string } {
  const colon = text.indexOf(':');
  return colon < 0 ? { provider: '', model: text } : { provider: text.slice(0, colon), model: text.slice(colon + 1) };
}

/** The text that splitModel splits into these; null when there is none. */
export function joinModel({ provider, model }: { provider: string; model: string }): string | null {
  if (provider !== '') return `${provider}:${model}`;
  return model.includes(':') ? null : model;
}
