import type { CommitRequest } from '../../domain/runtime/container-runtime.js';
import { INSTALLATION_LABEL, toLabels } from './container-labels.js';
import type { EngineClient } from './engine-client.js';
import { hasStatus } from './engine-error.js';

/**
 * Commits a container that is made from the same image for this, and never started. Committing the agent's own would keep its
 * configuration with the image, where nothing can take it out again: the values of its variables above all. And with a
 * read-only root it has nothing that its image has not. Labelled as the agent's own, so that one that a crash leaves is an orphan.
 */
export async function commitContainer(
  engine: EngineClient,
  id: string,
  { reference, owner }: CommitRequest,
): Promise<string> {
  const labels = toLabels({ owner, specDigest: 'commit' });
  const emptied = Object.fromEntries(Object.keys(labels).map((name) => [name, '']));
  const [repo, tag] = reference.split(':');
  const { Id } = await engine.call({
    what: `commit container ${id}`,
    writes: true,
    run: async (docker, abortSignal) => {
      const { Image } = await docker.getContainer(id).inspect({ abortSignal });
      const { Entrypoint, Cmd } = (await docker.getImage(Image).inspect()).Config;
      // What it is given would be the image's from then on, so only where the engine would make none without.
      const program = hasAny(Entrypoint) || hasAny(Cmd) ? {} : { Cmd: [NEVER_RUN] };
      const inert = await docker.createContainer({ Image, Labels: labels, ...program, abortSignal });
      try {
        return (await inert.commit({
          _query: { container: inert.id, repo, tag, pause: false },
          _body: { Labels: { ...emptied, [INSTALLATION_LABEL]: owner.installation } },
          abortSignal,
        })) as { readonly Id: string };
      } finally {
        await inert.remove({ force: true, v: true });
      }
    },
  });
  return Id;
}

const NEVER_RUN = 'never-run';

/** An engine writes null where there is nothing, which dockerode's types do not know. */
const hasAny = (list: string | readonly string[] | null | undefined): boolean => (list ?? []).length > 0;

/** Refused while a container is made from it. */
export async function removeCommitted(engine: EngineClient, reference: string): Promise<void> {
  await engine.call({
    what: `remove image ${reference}`,
    run: (docker, abortSignal) =>
      docker
        .getImage(reference)
        .remove({ abortSignal })
        .catch((error: unknown) => {
          if (!hasStatus(error, 404)) throw error;
        }),
  });
}
