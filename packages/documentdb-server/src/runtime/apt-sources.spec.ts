import { describe, expect, it } from '@jest/globals';
import { archivesForSid, parseDeb822Sources, parseOneLineSources } from './apt-sources.js';

describe('parseOneLineSources', () => {
  it('reads binary sources with and without options', () => {
    const text = `
      # a comment
      deb http://mirror.test/debian bookworm main contrib # trailing
      deb [arch=amd64 signed-by=/usr/share/keyrings/some.gpg] http://mirror.test/debian/ sid main
      deb-src http://mirror.test/debian bookworm main
      #deb http://off.test/debian sid main`;
    expect(parseOneLineSources(text)).toEqual([
      { uri: 'http://mirror.test/debian', suite: 'bookworm', components: ['main', 'contrib'] },
      {
        uri: 'http://mirror.test/debian/',
        suite: 'sid',
        components: ['main'],
        signedBy: '/usr/share/keyrings/some.gpg',
      },
    ]);
  });
});

describe('parseDeb822Sources', () => {
  it('reads every suite of every stanza that is on', () => {
    const text = `Types: deb deb-src
# a comment
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian.gpg

Types: deb
Enabled: no
URIs: http://off.test/debian
Suites: sid
Components: main

Types: deb-src
URIs: http://source.test/debian
Suites: sid
Components: main
`;
    expect(parseDeb822Sources(text)).toEqual(
      ['bookworm', 'bookworm-updates'].map((suite) => ({
        uri: 'http://mirror.test/debian',
        suite,
        components: ['main'],
        signedBy: '/usr/share/keyrings/debian.gpg',
      })),
    );
  });

  it('keeps a key that is embedded in the source', () => {
    const text =
      'Types: deb\nURIs: http://mirror.test/debian\nSuites: sid\nComponents: main\nSigned-By:\n -----BEGIN-----\n .\n abc\n -----END-----\n';
    expect(parseDeb822Sources(text)[0]?.signedBy).toBe('\n-----BEGIN-----\n.\nabc\n-----END-----');
  });
});

describe('archivesForSid', () => {
  const source = (uri: string, suite: string, components = ['main']) => ({ uri, suite, components });

  it('takes each main archive once, those that name sid first, and no security or foreign archive', () => {
    const found = archivesForSid([
      source('http://a.test/debian', 'bookworm'),
      source('http://a.test/debian', 'bookworm-updates'),
      source('http://a.test/debian-security', 'bookworm-security'),
      source('http://vendor.test/apt', 'stable', ['vendor']),
      source('cdrom:[Debian]/', 'bookworm'),
      source('http://b.test/debian', 'unstable'),
    ]);
    expect(found.map(({ uri }) => uri)).toEqual(['http://b.test/debian', 'http://a.test/debian']);
  });
});
