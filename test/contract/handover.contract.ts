import { describe, expect, it } from '@jest/globals';
import { lstat, rename } from 'node:fs/promises';
import type { ContractContext } from './contract-context.js';

/** Renaming the folders of a running container: what the warm pool stands on. */
export function handoverContract(on: ContractContext): void {
  describe('handing folders over', () => {
    it('says whether it can; where it can, a running container keeps its folders and is reached at their new place', async () => {
      if (!(await on.sut.canHandOver())) {
        expect(on.sut.capabilities.isolation && on.harness.endpoint === 'unix').toBe(false);
        return;
      }
      const { id, spec } = await on.started();
      const first = await on.sut.waitUntilReachable(on.address({ id, spec }), on.patience());
      first.connection.close();
      const moved = { privateFolder: `${spec.privateFolder}-moved`, workspaceFolder: `${spec.workspaceFolder}-moved` };
      await rename(spec.workspaceFolder, moved.workspaceFolder);
      await rename(spec.privateFolder, moved.privateFolder);
      const connection = await on.sut.connect({ id, privateFolder: moved.privateFolder });
      expect((await connection.health()).configured).toBeNull();
      connection.close();
      await expect(on.sut.connect({ id, privateFolder: spec.privateFolder })).rejects.toMatchObject({
        code: 'AGENT_UNREACHABLE',
      });
      await on.sut.remove(id);
      // The engine has made nothing in the old place.
      await expect(lstat(spec.workspaceFolder)).rejects.toMatchObject({ code: 'ENOENT' });
    });
  });
}
