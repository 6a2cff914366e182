import type { ImageInspectInfo } from 'dockerode';
import type { AgentServerIn, FoundImage } from '../../domain/runtime/container-runtime.js';
import { imageNameOf, isImageReference } from '../../domain/runtime/image-reference.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import type { EngineClient } from './engine-client.js';
import { toRuntimeError } from './engine-error.js';

/** Podman's have no algorithm in front. */
const IMAGE_ID = /^(?:sha256:)?[0-9a-f]{64}$/;
/** What an engine would also take for the beginning of an image's id. */
const SHORT_ID = /^(?:sha256:)?([0-9a-f]{1,64})$/;

/** images/agent/Dockerfile sets it; images made from that one have it too. */
const AGENT_SERVER_LABEL = 'io.muster.agent-server';

interface ImageFacts {
  /** Where it declares volumes. */
  readonly volumes: readonly string[];
  readonly agentServer: AgentServerIn;
}

/** Finds out what an image reference means now, and pulls what is not there. */
export class EngineImages {
  private readonly known = new Map<string, { readonly id: string; readonly until: number }>();
  /** By id, for which they never change. */
  private readonly facts = new Map<string, ImageFacts>();
  private readonly underWay = new Map<string, Promise<string>>();

  constructor(
    private readonly engine: EngineClient,
    private readonly cacheMs: number,
    private readonly pullTimeoutMs: number,
  ) {}

  /** @throws RuntimeError image-missing */
  async resolve(reference: string): Promise<string> {
    const known = this.known.get(reference);
    if (known !== undefined && known.until > performance.now()) return known.id;
    const underWay = this.underWay.get(reference) ?? this.lookUp(reference);
    this.underWay.set(reference, underWay);
    try {
      return await underWay;
    } finally {
      this.underWay.delete(reference);
    }
  }

  /** null when the engine does not have it; nothing is pulled. */
  async findLocal(reference: string): Promise<FoundImage | null> {
    // It becomes part of a path.
    if (!isImageReference(reference)) return null;
    try {
      const image = await this.engine.call({
        what: `look at image ${reference}`,
        run: (docker) => docker.getImage(reference).inspect(),
        meaning: { 400: 'image-missing', 404: 'image-missing' },
      });
      return isMeant(reference, image) ? { id: image.Id, digest: digestOf(reference, image) } : null;
    } catch (error) {
      if (error instanceof RuntimeError && error.failure === 'image-missing') return null;
      throw error;
    }
  }

  /**
   * Asks the registry, which the engine speaks to; nothing is pulled.
   * @throws RuntimeError image-missing when it has none, or does not say
   */
  async registryDigest(reference: string): Promise<string> {
    assertInRegistry(reference);
    const { Descriptor } = await this.engine.call({
      what: `ask the registry of image ${reference}`,
      run: (docker) => docker.getImage(reference).distribution(),
      // A registry that is away and one that refuses are the same to the engine.
      meaning: { 404: 'image-missing', 501: 'image-missing', 503: 'image-missing', otherwise: 'image-missing' },
    });
    return Descriptor.digest;
  }

  /** @throws RuntimeError image-missing */
  async factsOf(id: string): Promise<ImageFacts> {
    const known = this.facts.get(id);
    if (known !== undefined) return known;
    const { Config } = await this.engine.call({
      what: `look at image ${id}`,
      run: (docker) => docker.getImage(id).inspect(),
      meaning: { 404: 'image-missing' },
    });
    const found = { volumes: Object.keys(orElse(Config.Volumes, {})), agentServer: agentServerIn(Config) };
    this.facts.set(id, found);
    return found;
  }

  /** Forgets an image that turned out to be gone. */
  forget(id: string): void {
    this.facts.delete(id);
    for (const [reference, known] of this.known) if (known.id === id) this.known.delete(reference);
  }

  private async lookUp(reference: string): Promise<string> {
    let found = await this.findLocal(reference);
    if (found === null) {
      await this.pull(reference);
      found = await this.findLocal(reference);
    }
    if (found === null) throw missing(reference, 'the engine does not have it after pulling it');
    this.known.set(reference, { id: found.id, until: performance.now() + this.cacheMs });
    return found.id;
  }

  private async pull(reference: string): Promise<void> {
    assertInRegistry(reference);
    const limit = AbortSignal.timeout(this.pullTimeoutMs);
    try {
      // Without a tag the engine would pull every one there is.
      const tagged = /[:@][^/]*$/.test(reference) ? reference : `${reference}:latest`;
      const progress = await this.engine.docker.pull(tagged, { abortSignal: limit });
      await new Promise<void>((resolve, reject) => {
        limit.addEventListener('abort', () => {
          reject(limit.reason as Error);
        });
        this.engine.docker.modem.followProgress(progress, (error) => {
          if (error) reject(error);
          else resolve();
        });
      });
    } catch (cause) {
      const error = toRuntimeError(cause, `pull image ${reference}`);
      if (error.failure === 'unavailable') throw error;
      throw missing(reference, limit.aborted ? 'pulling it took too long' : 'it cannot be pulled', cause);
    }
  }
}

/** Only what a registry may be asked for. @throws RuntimeError image-missing */
function assertInRegistry(reference: string): void {
  // It becomes part of a path.
  if (!isImageReference(reference)) throw missing(reference, 'that is not an image reference');
  if (IMAGE_ID.test(reference)) throw missing(reference, 'an image id cannot be pulled');
  // Built on this machine. What a public registry has under that name would be somebody else's program.
  if (reference.startsWith('muster/')) throw missing(reference, 'it is built here, by: npm run image');
}

/** That of the very repository: an image that was pushed to several has one of each, and only this one can be pulled by this name. */
function digestOf(reference: string, { RepoDigests }: Pick<ImageInspectInfo, 'RepoDigests'>): string | null {
  const named = imageNameOf(reference);
  if (named === null) return null;
  const ofIt = orElse(RepoDigests, [])
    .map(imageNameOf)
    .find((found) => found?.repository === named.repository);
  return named.digest ?? ofIt?.digest ?? null;
}

/**
 * An engine that knows no such name looks for the beginning of an id, and would find what nobody named: by trying `a`, `b`, `c` …
 * anybody could have other people's images.
 */
function isMeant(reference: string, { Id, RepoTags }: Pick<ImageInspectInfo, 'Id' | 'RepoTags'>): boolean {
  const short = SHORT_ID.exec(reference)?.[1];
  if (IMAGE_ID.test(reference) || short === undefined || !Id.replace(/^sha256:/, '').startsWith(short)) return true;
  const name = reference.includes(':') ? reference : `${reference}:latest`;
  return orElse(RepoTags, []).some((tag) => tag === name || tag.endsWith(`/${name}`));
}

/** What runs it, as images/agent/Dockerfile has it. */
const AGENT_PROGRAM = 'node /opt/muster/agent-server.mjs';

function agentServerIn({ Labels, Entrypoint, Cmd }: ImageInspectInfo['Config']): AgentServerIn {
  const { [AGENT_SERVER_LABEL]: label } = orElse<Readonly<Record<string, string>>>(Labels, {});
  if (label === undefined) return 'none';
  const program = [Entrypoint, Cmd].flatMap((part) => orElse(part, []));
  return program.join(' ') === AGENT_PROGRAM ? 'program' : 'beside';
}

/** An engine writes null where there is nothing, which dockerode's types do not know. */
function orElse<T>(value: T | null | undefined, otherwise: T): T {
  return value ?? otherwise;
}

function missing(reference: string, why: string, cause?: unknown): RuntimeError {
  return new RuntimeError('image-missing', `The engine has no image ${reference}, and ${why}.`, {
    cause,
    details: { image: reference },
  });
}
