export const SLUG_PATTERN = /^[a-z0-9]+(-[a-z0-9]+)*$/;
/** Characters. Leaves room for role and number where an identifier is part of a container's name. */
export const SLUG_MAX = 40;

/** "Web App" → "web-app", "Café" → "cafe"; empty when no letter or digit of ASCII is left. */
export function slugFrom(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, SLUG_MAX)
    .replace(/^-|-$/g, '');
}
