import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailedError, RuntimeUnavailableError } from '../errors.js';
import { archivesForSid, parseDeb822Sources, parseOneLineSources, type ArchiveSource } from './apt-sources.js';
import { runCommand } from './run-command.js';

/** The machine's Debian archive, read through an apt configuration of our own: nothing on the host is changed. */
export class AptArchive {
  private constructor(
    private readonly folder: string,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  /**
   * Fetches the package lists of a Debian suite, such as sid, into `folder`.
   * @throws RuntimeUnavailableError when this machine has no apt, names no Debian archive, or cannot reach one
   */
  static async open(folder: string, suite: string, aptFolder = '/etc/apt'): Promise<AptArchive> {
    const sources = archivesForSid(await readSources(aptFolder));
    if (sources.length === 0) {
      throw new RuntimeUnavailableError('no-archive', `The apt configuration in ${aptFolder} names no Debian archive.`);
    }
    let failure: unknown;
    for (const source of sources) {
      const archive = await AptArchive.configure(folder, suite, source);
      try {
        await archive.update();
        return archive;
      } catch (error) {
        if (error instanceof CommandFailedError && error.exitCode === 'ENOENT') {
          throw new RuntimeUnavailableError('no-apt', 'This machine has no apt-get.');
        }
        failure = error;
      }
    }
    const reason = failure instanceof Error ? failure.message : String(failure);
    throw new RuntimeUnavailableError(
      'archive-unreachable',
      `The package lists of Debian ${suite} could not be fetched: ${reason}`,
    );
  }

  /** The version of a package that the archive offers. @throws RuntimeUnavailableError package-missing */
  async version(name: string): Promise<string> {
    const policy = await this.run('apt-cache', ['policy', name]);
    const version = /Candidate: (\S+)/.exec(policy)?.[1];
    if (version === undefined || version === '(none)') {
      throw new RuntimeUnavailableError('package-missing', `The Debian archive holds no package ${name}.`);
    }
    return version;
  }

  /**
   * Downloads the wanted packages with all they need but the stand-ins; gives the paths of the package files.
   * @throws RuntimeUnavailableError archive-unreachable
   */
  async download(wanted: readonly string[], standIns: readonly string[] = []): Promise<string[]> {
    const install = ['--yes', '--download-only', 'install', ...wanted];
    try {
      await writeFile(join(this.folder, 'status'), standInStatus(standIns, await this.architecture()));
      await this.run('apt-get', install);
    } catch {
      // The archive moved on and a stand-in no longer fits: take the whole closure instead.
      await writeFile(join(this.folder, 'status'), '');
      await this.run('apt-get', install).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        throw new RuntimeUnavailableError('archive-unreachable', `The packages could not be downloaded: ${reason}`);
      });
    }
    const archives = join(this.folder, 'archives');
    return (await readdir(archives)).filter((name) => name.endsWith('.deb')).map((name) => join(archives, name));
  }

  private async architecture(): Promise<string> {
    return (await this.run('dpkg', ['--print-architecture'])).trim();
  }

  private static async configure(folder: string, suite: string, source: ArchiveSource): Promise<AptArchive> {
    for (const name of ['lists/partial', 'archives/partial', 'empty', 'log']) {
      await mkdir(join(folder, name), { recursive: true });
    }
    await writeFile(join(folder, 'status'), '');
    // Always the deb822 form: it also takes a key that is embedded in the source itself.
    await writeFile(
      join(folder, 'suite.sources'),
      ['Types: deb', `URIs: ${source.uri}`, `Suites: ${suite}`, 'Components: main']
        .concat(source.signedBy === undefined ? [] : [`Signed-By: ${source.signedBy.replaceAll('\n', '\n ')}`], '')
        .join('\n'),
    );
    const settings = {
      'Dir::State': folder,
      'Dir::State::Lists': join(folder, 'lists'),
      'Dir::State::status': join(folder, 'status'),
      'Dir::Cache': folder,
      'Dir::Cache::archives': join(folder, 'archives'),
      'Dir::Log': join(folder, 'log'),
      'Dir::Etc::sourcelist': join(folder, 'suite.sources'),
      'Dir::Etc::sourceparts': join(folder, 'empty'),
      'Dir::Etc::preferences': '/dev/null',
      'Dir::Etc::preferencesparts': join(folder, 'empty'),
      'Acquire::Languages': 'none',
      'Acquire::Retries': '3',
      'APT::Install-Recommends': 'false',
      'APT::Install-Suggests': 'false',
      // The folder is private to this user, so apt's own download user could not write there.
      'APT::Sandbox::User': '',
      // Some container images drop downloaded packages after each run.
      'Binary::apt-get::APT::Keep-Downloaded-Packages': 'true',
      'APT::Keep-Downloaded-Packages': 'true',
    };
    const path = join(folder, 'apt.conf');
    await writeFile(
      path,
      `#clear DPkg::Post-Invoke;\n#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n${Object.entries(
        settings,
      )
        .map(([name, value]) => `${name} "${value}";\n`)
        .join('')}`,
    );
    return new AptArchive(folder, { APT_CONFIG: path });
  }

  private async update(): Promise<void> {
    // Without this, apt-get reports a failed download as a warning and ends with 0.
    await this.run('apt-get', ['update', '--error-on=any']);
  }

  private async run(command: string, args: readonly string[]): Promise<string> {
    return runCommand(command, args, { env: this.environment });
  }
}

async function readSources(aptFolder: string): Promise<ArchiveSource[]> {
  const parts = join(aptFolder, 'sources.list.d');
  const names = await readdir(parts).catch((): string[] => []);
  const files = [join(aptFolder, 'sources.list'), ...names.sort().map((name) => join(parts, name))];
  const sources: ArchiveSource[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (file.endsWith('.list')) sources.push(...parseOneLineSources(text));
    else if (file.endsWith('.sources')) sources.push(...parseDeb822Sources(text));
  }
  return sources;
}

/** A dpkg status file that calls the stand-ins installed, so that apt leaves them and all they alone need out. */
function standInStatus(names: readonly string[], architecture: string): string {
  return names
    .map((name) =>
      [
        `Package: ${name}`,
        'Status: install ok installed',
        `Architecture: ${architecture}`,
        'Multi-Arch: foreign',
        'Maintainer: none',
        'Version: 99:99',
        'Description: not needed at run time',
        '\n',
      ].join('\n'),
    )
    .join('');
}
