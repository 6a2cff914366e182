/** One archive that the machine's own apt configuration names. */
export interface ArchiveSource {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** Path of the keyring, or an embedded key's text, as Signed-By has it. */
  readonly signedBy?: string;
}

/** Reads the classic one-line format of sources.list. Lines that are no binary source are skipped. */
export function parseOneLineSources(text: string): ArchiveSource[] {
  const sources: ArchiveSource[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (!match) continue;
    const [, options = '', uri = '', suite = '', components = ''] = match;
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1];
    sources.push({ uri, suite, components: words(components), ...(signedBy === undefined ? {} : { signedBy }) });
  }
  return sources;
}

/** Reads the deb822 format of *.sources files. Stanzas that are switched off are skipped. */
export function parseDeb822Sources(text: string): ArchiveSource[] {
  return text
    .split(/\n[ \t]*\n/)
    .map(readStanza)
    .filter(
      (fields) =>
        words(fields.get('types') ?? '').includes('deb') && !/^(no|false|0)$/i.test(fields.get('enabled') ?? ''),
    )
    .flatMap((fields) => {
      const signedBy = fields.get('signed-by');
      return words(fields.get('uris') ?? '').flatMap((uri) =>
        words(fields.get('suites') ?? '').map((suite) => ({
          uri,
          suite,
          components: words(fields.get('components') ?? ''),
          ...(signedBy === undefined || signedBy === '' ? {} : { signedBy }),
        })),
      );
    });
}

/**
 * The sources that may hold Debian's unstable suite, best first: the main archive under the address this machine uses.
 * A mirror carries all suites of an archive, so another suite's address serves for sid as well.
 */
export function archivesForSid(sources: readonly ArchiveSource[]): ArchiveSource[] {
  const usable = sources.filter(
    ({ uri, suite, components }) =>
      /^(https?|file|mirror|mirror\+\w+|tor\+\w+|ftp):/.test(uri) &&
      components.includes('main') &&
      !/security|backports/.test(suite) &&
      !uri.includes('debian-security'),
  );
  const ranked = [...usable].sort((a, b) => Number(!isUnstable(a.suite)) - Number(!isUnstable(b.suite)));
  const byUri = new Map(
    ranked.map((source) => [source.uri.replace(/\/+$/, ''), source]).reverse() as [string, ArchiveSource][],
  );
  return [...byUri.values()].reverse();
}

function isUnstable(suite: string): boolean {
  return suite === 'sid' || suite === 'unstable';
}

function readStanza(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let last: string | undefined;
  for (const line of stanza.split('\n')) {
    if (line.startsWith('#') || line.trim() === '') continue;
    const field = /^([\w-]+)\s*:\s*(.*)$/.exec(line);
    if (field) {
      last = field[1]?.toLowerCase() ?? '';
      fields.set(last, field[2]?.trim() ?? '');
    } else if (last !== undefined) {
      fields.set(last, `${fields.get(last) ?? ''}\n${line.trim()}`);
    }
  }
  return fields;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
