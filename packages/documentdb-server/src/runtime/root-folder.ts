import { access, chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILES: Readonly<Record<string, string>> = {
  'etc/passwd': 'root:x:0:0::/:/bin/sh\npostgres:x:1000:1000::/data:/bin/sh\n',
  'etc/group': 'root:x:0:\npostgres:x:1000:\n',
  'etc/hosts': '127.0.0.1 localhost\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
};

/** Makes an unpacked set of packages a root folder that programs run in: what the package scripts would have done. */
export async function completeRoot(root: string): Promise<void> {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) await linkUnlessThere(`usr/${name}`, join(root, name));
  await linkUnlessThere('dash', join(root, 'usr/bin/sh'));
  for (const name of ['dev', 'proc', 'data', 'tmp', 'etc', 'run', 'var/tmp'])
    await mkdir(join(root, name), { recursive: true });
  await chmod(join(root, 'tmp'), 0o1777);
  for (const [path, content] of Object.entries(FILES)) {
    await rm(join(root, path), { force: true });
    await writeFile(join(root, path), content);
  }
  // Debian links this one with update-alternatives.
  await linkUnlessThere('postgis-3.control', join(root, 'usr/share/postgresql/18/extension/postgis.control'));
}

async function linkUnlessThere(target: string, path: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) await symlink(target, path);
}
