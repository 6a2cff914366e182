import { NAME_MAX_LENGTH } from '../../../domain/templates/limits.js';

/** A name as Muster writes names: "Web Researcher" becomes web-researcher. Empty when nothing of it can be used. */
export const slugOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, NAME_MAX_LENGTH)
    .replaceAll(/^-+|-+$/g, '');

/** The name that a file's name stands for: agents/Web Researcher.yaml becomes web-researcher. */
export const nameFromFile = (fileName: string): string =>
  slugOf((fileName.split(/[/\\]/).at(-1) ?? '').replace(/\.(?:ya?ml|json)$/i, ''));

/** The file name in a Content-Disposition header (RFC 6266); null when it has none. */
export function fileNameIn(contentDisposition: string | undefined): string | null {
  if (contentDisposition === undefined) return null;
  const extended = /(?:^|;)\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(contentDisposition)?.[1];
  if (extended !== undefined && /^(?:%[0-9a-f]{2}|[^%])*$/i.test(extended)) return unescape8(extended);
  const quoted = /(?:^|;)\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(contentDisposition)?.[1];
  if (quoted !== undefined) return quoted.replaceAll(/\\(.)/g, '$1');
  return /(?:^|;)\s*filename\s*=\s*([^;"\s]+)/i.exec(contentDisposition)?.[1] ?? null;
}

/** Percent-encoded UTF-8, where what is not UTF-8 becomes a replacement character. */
const unescape8 = (text: string): string =>
  Buffer.from(
    text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');
