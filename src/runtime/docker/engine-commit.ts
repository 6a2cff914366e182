import type { CommitRequest } from '../../domain/runtime/container-runtime.js';
import { INSTALLATION_LABEL, toLabels } from './container-labels.js';
import type { EngineClient } from './engine-client.js';
import { hasStatus } from './engine-error.js';
import { removeContainer } from './remove-container.js';

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
  const inert = await engine.call({
    what: `make a container like ${id}, to commit it`,
    writes: true,
    run: async (docker) => {
      const { Image } = await docker.getContainer(id).inspect();
      const { Entrypoint, Cmd } = (await docker.getImage(Image).inspect()).Config;
      // What it is given would be the image's from then on, so only where the engine would make none without.
      const program = hasAny(Entrypoint) || hasAny(Cmd) ? {} : { Cmd: [NEVER_RUN] };
      return (await docker.createContainer({ Image, Labels: labels, ...program })).id;
    },
  });
  try {
    const { Id } = await engine.call({
      what: `commit container ${id}`,
      writes: true,
      run: (docker) =>
        docker.getContainer(inert).commit({
          _query: { container: inert, repo, tag, pause: false },
          _body: { Labels: { ...emptied, [INSTALLATION_LABEL]: owner.installation } },
        }) as Promise<{ readonly Id: string }>,
    });
    return Id;
  } finally {
    await removeContainer(engine, inert);
  }
}

const NEVER_RUN = 'never-run';

/** An engine writes null where there is nothing, which dockerode's types do not know. */
const hasAny = (list: string | readonly string[] | null | undefined): boolean => (list ?? []).length > 0;

/** Refused while a container is made from it. */
export async function removeCommitted(engine: EngineClient, reference: string): Promise<void> {
  await engine.call({
    what: `remove image ${reference}`,
    run: (docker) =>
      docker
        .getImage(reference)
        .remove()
        .catch((error: unknown) => {
          if (!hasStatus(error, 404)) throw error;
        }),
  });
}
