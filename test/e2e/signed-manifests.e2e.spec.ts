import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { RefusalLog } from '../../src/platform/http/refusal-log.js';
import { TestApp, type Answer } from '../support/app.js';
import { AGENT_BUNDLE, describeEngine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { ManifestSigner, writeKeys } from '../support/manifest-signer.js';
import { temporaryFolder } from '../support/temporary-folder.js';

interface Ground {
  readonly app: TestApp;
  readonly signer: ManifestSigner;
  /** What a manifest has to say of the tenant and the template here. */
  readonly facts: object;
  readonly remove: () => Promise<void>;
}

async function ground(env: Record<string, string>): Promise<Ground> {
  const folder = await temporaryFolder();
  const signer = new ManifestSigner('kernel-1');
  const file = join(folder.path, 'keys.json');
  await writeKeys(file, [signer]);
  const app = await TestApp.start({ ...env, MANIFEST_KEYS_FILE: file });
  const { body } = await app.call('/agent/templates', {
    method: 'POST',
    body: { name: 'reviewer', role: 'reviewer', config: { provider: 'echo', model: 'any' } },
  });
  const { name, version, digest } = body.template as { name: string; version: number; digest: string };
  const tenant = await app.database.db.collection('tenants').findOne({ name: 'default' });
  const tenantId = String(tenant?._id);
  const facts = { tenantId, name: 'prod', profile: 'illuvrse', template: { name, version, digest } };
  return {
    app,
    signer,
    facts,
    remove: async () => {
      const { items } = (await app.call('/projects')).body as { items: { id: string }[] };
      for (const { id } of items) await app.call(`/projects/${id}`, { method: 'DELETE' });
      await eventually(async () => {
        expect(await app.database.db.collection('agent_instances').countDocuments({ removedAt: null })).toBe(0);
      });
      await app.stop();
      await folder.remove();
    },
  };
}

const spawn = (app: TestApp, signed: object | undefined, config = {}, headers = {}): Promise<Answer> =>
  app.call('/agent/spawn', {
    method: 'POST',
    body: {
      agent_config: { name: 'prod', profile: 'illuvrse', ...config },
      ...(signed === undefined ? {} : { signed_manifest: signed }),
    },
    headers,
  });

const told = ({ status, body }: Answer): unknown[] => [
  status,
  body.code,
  (body.errors as { pointer: string }[] | undefined)?.map(({ pointer }) => pointer),
];

describe('signed manifests, where the runtime is no boundary', () => {
  let on: Ground;
  beforeAll(async () => {
    on = await ground({ AGENT_BUNDLE });
  });
  afterAll(async () => {
    await on.remove();
  });

  it('are needed for profile illuvrse, and have to be valid: 403, which the audit log tells', async () => {
    const { app, signer, facts } = on;
    expect(told(await spawn(app, undefined))).toEqual([403, 'SIGNED_MANIFEST_INVALID', ['/signed_manifest']]);
    expect(told(await spawn(app, { manifest: {}, signature: 'x' }))).toEqual([
      403,
      'SIGNED_MANIFEST_INVALID',
      expect.any(Array),
    ]);
    const forged = signer.signed(signer.manifest(facts));
    const answer = await spawn(app, { ...forged, manifest: { ...forged.manifest, name: 'other' } }, { name: 'other' });
    expect(told(answer)).toEqual([403, 'SIGNED_MANIFEST_INVALID', ['/signed_manifest/signature']]);
    await app.app.get(RefusalLog).flush();
    await eventually(async () => {
      const { body } = await app.call('/audit/events?type=access.refused');
      expect((body.items as { data: object }[]).map(({ data }) => data)).toContainEqual(
        expect.objectContaining({ route: 'POST /api/v1/agent/spawn', status: 403, count: 3 }),
      );
    });
  });

  it('are refused even when valid: nothing is made, and the manifest is not used up', async () => {
    const { app, signer, facts } = on;
    const answer = await spawn(app, signer.signed(signer.manifest(facts)));
    expect([answer.status, answer.body.code]).toEqual([501, 'RUNTIME_UNSUPPORTED']);
    expect(await app.database.db.collection('manifest_claims').countDocuments({})).toBe(0);
    expect(await app.database.db.collection('agent_instances').countDocuments({})).toBe(0);
  });
});

describeEngine('signed manifests on a container engine', () => {
  let on: Ground;
  beforeAll(async () => {
    on = await ground({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST });
  });
  afterAll(async () => {
    await on.remove();
  });

  it('spawn the agent that they say, once', async () => {
    const { app, signer, facts } = on;
    const signed = signer.signed(signer.manifest({ ...facts, project: 'default', metadata: { tier: 1 } }));
    const config = { metadata: { tier: 1 } };
    const headers = { 'idempotency-key': 'prod-1' };
    const first = await spawn(app, signed, config, headers);
    expect(first).toMatchObject({ status: 201, body: { ok: true, status: 'initializing' } });
    const id = first.body.agent_id as string;
    await eventually(async () => {
      expect((await app.call(`/agent/${id}/status`)).body).toMatchObject({
        status: 'running',
        profile: 'illuvrse',
        manifest_digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    });
    expect((await spawn(app, signed, config, headers)).body.agent_id).toBe(id);
    const again = await spawn(app, signed, config);
    expect([again.status, again.body.code, again.body.details]).toEqual([
      403,
      'SIGNED_MANIFEST_USED',
      { instanceId: id },
    ]);
    // The log names the manifest by its digest.
    const { body } = await app.call(`/audit/events?subject=${id}&type=agent-instance.created`);
    expect(body.items[0].data).toMatchObject({ profile: 'illuvrse', manifestDigest: expect.any(String) });
    // Not even when its agent is gone.
    await app.call(`/agent/${id}/action`, { method: 'POST', body: { action: 'unregister' } });
    await eventually(async () => {
      expect((await app.call(`/agent/${id}/status`)).status).toBe(404);
    });
    expect((await spawn(app, signed, config)).body.code).toBe('SIGNED_MANIFEST_USED');
  });

  it('allow no copies: a fork of their agent is unsigned, and names the manifest that it comes of', async () => {
    const { app, signer, facts } = on;
    const spawned = await spawn(app, signer.signed(signer.manifest(facts)));
    const origin = (await app.call(`/agent/${spawned.body.agent_id as string}/status`)).body;
    const path = `/projects/${origin.project_id as string}/agents/${origin.agent_id as string}`;
    const prefer = { prefer: 'wait=60' };
    expect(
      (await app.call(`${path}/actions`, { method: 'POST', body: { action: 'stop' }, headers: prefer })).status,
    ).toBe(200);
    const taken = await app.call(`${path}/snapshots`, { method: 'POST', body: { target: 'archive' }, headers: prefer });
    const fork = await app.call(`${path}/snapshots/${taken.body.id as string}/fork`, { method: 'POST', body: {} });
    expect(fork.status).toBe(201);
    const id = fork.body.id as string;
    expect((await app.call(`/agent/${id}/status`)).body).toMatchObject({ profile: null, manifest_digest: null });
    const { roleAssignments } = (await app.call(`/projects/${origin.project_id as string}`)).body;
    expect((roleAssignments as { instanceId: string }[]).find(({ instanceId }) => instanceId === id)).toMatchObject({
      forkedFrom: { snapshotId: taken.body.id, instanceId: origin.agent_id, manifestDigest: origin.manifest_digest },
    });
    await eventually(async () => {
      const { body } = await app.call(`/audit/events?subject=${id}&type=agent.forked`);
      expect((body.items as { data: object }[]).map(({ data }) => data)).toMatchObject([
        { originManifestDigest: origin.manifest_digest, digest: taken.body.blueprintDigest },
      ]);
    });
    // It does not start by itself, as the signed one did.
    expect((await app.call(`${path.replace(origin.agent_id as string, id)}/lifecycle`)).body.desired.state).not.toBe(
      'running',
    );
  });

  it('become one agent, however many ask at once', async () => {
    const { app, signer, facts } = on;
    const signed = signer.signed(signer.manifest(facts));
    const answers = await Promise.all(Array.from({ length: 6 }, () => spawn(app, signed)));
    const codes = answers.map(({ status }) => status).sort();
    expect(codes).toEqual([201, 403, 403, 403, 403, 403]);
  });

  it('whose spawn was cut off are finished by the next request, and an answer that was lost is found again', async () => {
    const { app, signer, facts } = on;
    const signed = signer.signed(signer.manifest(facts));
    const headers = { 'idempotency-key': 'lost-answer' };
    const first = await spawn(app, signed, {}, headers);
    expect(first.status).toBe(201);
    // As when Muster is killed before the answer is kept.
    await app.database.db.collection('idempotency_keys').deleteMany({});
    const second = await spawn(app, signed, {}, headers);
    expect([second.status, second.body.agent_id]).toEqual([201, first.body.agent_id]);

    // As when it is killed before the seat is written: only the claim is there.
    await app.call(`/tenants/${(facts as { tenantId: string }).tenantId}/quota`, {
      method: 'PUT',
      body: { replicas: 0 },
    });
    const other = signer.signed(signer.manifest(facts));
    expect((await spawn(app, other)).status).toBe(429);
    await app.call(`/tenants/${(facts as { tenantId: string }).tenantId}/quota`, { method: 'PUT', body: {} });
    expect((await spawn(app, other)).status).toBe(201);
    expect((await spawn(app, other)).body.code).toBe('SIGNED_MANIFEST_USED');
  });

  it('bind what they name: name, profile, template, project, image, metadata', async () => {
    const { app, signer, facts } = on;
    const bound = { ...facts, name: 'a', project: 'other', image: 'b', metadata: { c: 1 } };
    const template = { ...(facts as { template: object }).template, digest: 'f'.repeat(64) };
    const answer = await spawn(app, signer.signed(signer.manifest({ ...bound, template })), {
      profile: 'personal',
      project: 'default',
    });
    expect(told(answer)).toEqual([
      403,
      'SIGNED_MANIFEST_INVALID',
      ['name', 'profile', 'template/digest', 'image', 'project', 'metadata'].map(
        (path) => `/signed_manifest/manifest/${path}`,
      ),
    ]);
  });
});
