import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, ofKind, refIn, type Harness, useHarness } from './harness.js';
import type { Status } from '../src/status/plane-client.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
let objects: KubeObject[];
const config = () => refIn(osid, 'v1', 'ConfigMap', `${osid}-config`);
const blocked = ({ conditions }: Status) =>
  conditions.some(({ type, status }) => type === 'Blocked' && status === 'True');
const apply = (revision: number, all = objects) => harness.controller.applyBundle(bundleOf(osid, revision, all));

/** The objects with the one of a kind changed. */
const with_ = (kind: string, change: (object: KubeObject) => KubeObject): KubeObject[] =>
  objects.map((object) => (object === ofKind(objects, kind) ? change(object) : object));

useHarness((started) => ({ access, harness } = started));

beforeEach(() => {
  osid = newOsid();
  objects = objectsOf(osid);
});

describe('a bundle', () => {
  it('is refused when it is damaged, has objects outside its namespace, or lacks the labels of its instance', async () => {
    const bundle = bundleOf(osid, 1, objects);
    const reasons = await Promise.all([
      harness.controller.applyBundle({ ...bundle, digest: 'a'.repeat(64) }),
      apply(
        1,
        with_('ConfigMap', (map) => ({ ...map, metadata: { ...map.metadata, namespace: 'kube-system' } })),
      ),
      apply(
        1,
        with_('ConfigMap', (map) => ({ ...map, metadata: { ...map.metadata, labels: {} } })),
      ),
      apply(1, [...objects, ofKind(objects, 'ConfigMap')]),
      apply(1, objects.slice(1)),
    ]);
    expect(reasons.map(({ accepted }) => accepted)).toEqual([false, false, false, false, false]);
    const patterns = [/digest/, /outside the namespace/, /labels/, /twice/, /does not contain the namespace/];
    reasons.forEach(({ reason }, index) => expect(reason).toMatch(patterns[index] as RegExp));
    expect(harness.controller.instances.get(osid)).toBeUndefined();
  });

  it('is refused when it is older than the stored one, and accepted when it is the same', async () => {
    await harness.applyUntilReady(bundleOf(osid, 2, objects));
    expect(await apply(1)).toMatchObject({ accepted: false, reason: expect.stringContaining('older') });
    expect(
      await apply(
        2,
        with_('ConfigMap', (map) => ({ ...map, data: {} })),
      ),
    ).toMatchObject({ accepted: false });
    harness.statuses.length = 0;
    expect(await apply(2)).toEqual({ accepted: true });
    // The plane sends a bundle again when it has missed the report.
    await harness.waitForStatus(osid, ({ phase, generation }) => phase === 'ready' && generation === 2);
  });

  it('names the stored revision in a refusal, and returns the sealed spec of the stored one, also after a restart', async () => {
    const bundle = { ...bundleOf(osid, 5, objects), generation: 7, sealedSpec: 'k.sealed' };
    await harness.applyUntilReady(bundle);
    const stored = { revision: 5, generation: 7, digest: bundle.digest };
    const other = bundleOf(osid, 5, objectsOf(osid, { cpuLimitMc: 900 }));
    const requests = [
      () => harness.controller.applyBundle(bundleOf(osid, 3, objects)),
      () => harness.controller.applyBundle(other),
      () => harness.controller.deleteBundle({ osid, generation: 3, revision: 3 }),
      () =>
        harness.controller.applyBundle({
          ...bundleOf(osid, 6, objects),
          history: [{ revision: 5, digest: other.digest }],
        }),
      () =>
        harness.controller.deleteBundle({
          osid,
          generation: 6,
          revision: 6,
          history: [{ revision: 5, digest: other.digest }],
        }),
    ];
    for (const request of requests) expect(await request()).toMatchObject({ accepted: false, stored });
    expect(await harness.controller.applyBundle({ ...bundle, sealedSpec: 'k.sealed-again' })).toEqual({
      accepted: true,
    });
    await harness.restart();
    expect(harness.controller.readBundle({ osid })).toEqual({ stored: { ...stored, sealedSpec: 'k.sealed' } });
    expect(harness.controller.readBundle({ osid: newOsid() })).toEqual({ stored: null });
    const history = [stored, { revision: 4, digest: other.digest }].map(({ revision, digest }) => ({
      revision,
      digest,
    }));
    const next = { ...bundleOf(osid, 6, objects), history };
    expect(await harness.controller.applyBundle(next)).toEqual({ accepted: true });
    expect(harness.controller.readBundle({ osid }).stored).not.toHaveProperty('sealedSpec');
    expect(await harness.controller.applyBundle({ ...bundleOf(osid, 6, objects), sealedSpec: 'k.later' })).toEqual({
      accepted: true,
    });
    expect(harness.controller.readBundle({ osid }).stored).toMatchObject({ revision: 6, sealedSpec: 'k.later' });
  });

  it('prunes objects that are no longer in it, and applies only those that differ', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objects));
    const untouched = (await access.admin.get(refIn(osid, 'v1', 'Service'))).metadata.resourceVersion;
    const without = objects.filter(({ metadata }) => metadata.name !== `${osid}-members`);
    await harness.applyUntilReady(bundleOf(osid, 2, without));
    const members = refIn(osid, 'v1', 'Service', `${osid}-members`);
    await waitUntil(async () => (await access.admin.find(members)) === undefined, {
      because: () => 'the Service was not pruned',
    });
    expect((await access.admin.get(refIn(osid, 'v1', 'Service'))).metadata.resourceVersion).toBe(untouched);
    expect(harness.drifts(osid)).toEqual([]);
  });

  it('does not adopt a namespace without our labels', async () => {
    await access.admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: osid } });
    await apply(1);
    const status = await harness.waitForStatus(osid, blocked);
    expect(status).toMatchObject({ phase: 'failed' });
    expect(status.objects[0]).toMatchObject({ kind: 'Namespace', state: 'failed', reason: 'OwnedByAnother' });
    expect((await access.admin.get(refIn(osid, 'v1', 'Namespace'))).metadata.labels).not.toHaveProperty([
      'runos.com/osid',
    ]);
    expect(await access.admin.find(config())).toBeUndefined();
  });
});

describe('a change that Kubernetes does not allow', () => {
  it('recreates an immutable ConfigMap, which has no data to lose', async () => {
    await harness.applyUntilReady(
      bundleOf(
        osid,
        1,
        with_('ConfigMap', (map) => ({ ...map, immutable: true })),
      ),
    );
    const { uid } = (await access.admin.get(config())).metadata;
    await harness.applyUntilReady(
      bundleOf(
        osid,
        2,
        with_('ConfigMap', (map) => ({ ...map, data: { 'start.sh': 'exec valkey' } })),
      ),
    );
    const now = await access.admin.get(config());
    expect(now.metadata.uid).not.toBe(uid);
    expect(now['data']).toEqual({ 'start.sh': 'exec valkey' });
    expect(harness.drifts(osid)).toEqual([]);
  });

  it('recreates a StatefulSet and keeps its pods running', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objects));
    const pod = refIn(osid, 'v1', 'Pod', `${osid}-0`);
    const set = refIn(osid, 'apps/v1', 'StatefulSet');
    const before = [await access.admin.get(pod), await access.admin.get(set)];
    const next = with_('StatefulSet', (one) => ({ ...one, spec: { ...mapAt(one, 'spec'), serviceName: osid } }));
    await apply(2, next);
    await harness.waitForStatus(osid, ({ generation, phase }) => generation === 2 && phase === 'ready');
    expect((await access.admin.get(set)).metadata.uid).not.toBe(before[1]?.metadata.uid);
    expect((await access.admin.get(pod)).metadata.uid).toBe(before[0]?.metadata.uid);
    expect(harness.drifts(osid)).toEqual([]);
  });

  it('is reported with its field when it is invalid', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objects));
    const bad = with_('StatefulSet', (one) => ({ ...one, spec: { ...mapAt(one, 'spec'), replicas: 'many' } }));
    await apply(2, bad);
    const status = await harness.waitForStatus(osid, blocked);
    expect(status.objects[0]).toMatchObject({ kind: 'StatefulSet', state: 'failed', reason: 'Blocked' });
    expect(status.objects[0]?.message).toContain('.spec.replicas');
    harness.statuses.length = 0;
    await harness.applyUntilReady(bundleOf(osid, 3, objects));
  });

  it('is reported with the remedy when the cluster does not serve the kind', async () => {
    const { labels } = ofKind(objects, 'ConfigMap').metadata;
    const unknown = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', namespace: osid, labels } };
    await apply(1, [...objects, unknown]);
    const status = await harness.waitForStatus(osid, ({ conditions }) =>
      conditions.some(({ reason }) => reason === 'NoKind'),
    );
    const line = status.objects.find(({ kind }) => kind === 'Widget');
    expect(line).toMatchObject({ state: 'pending', reason: 'NoKind' });
    expect(line?.message).toContain('install the operator');
  });
});

describe('an instance that cannot get ready', () => {
  it('reports the exceeded quota', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objects));
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'small', namespace: osid },
      spec: { hard: { pods: '1' } },
    };
    await access.admin.create(quota);
    await apply(
      2,
      with_('StatefulSet', (one) => ({ ...one, spec: { ...mapAt(one, 'spec'), replicas: 2 } })),
    );
    const status = await harness.waitForStatus(osid, ({ objects: all }) =>
      all.some(({ reason }) => reason === 'QuotaExceeded'),
    );
    const line = status.objects.find(({ reason }) => reason === 'QuotaExceeded');
    expect(line).toMatchObject({ kind: 'StatefulSet', state: 'failed' });
    expect(line?.message).toMatch(/exceeded quota: small.*Raise the quota/);
    expect(status.phase).toBe('degraded');
    await access.admin.delete(refIn(osid, 'v1', 'ResourceQuota', 'small'));
    await harness.applyUntilReady(bundleOf(osid, 3, objects));
  });

  it('reports why its readiness probe fails, in the words of the program, until it succeeds', async () => {
    await harness.applyUntilReady(bundleOf(osid, 1, objects));
    const ref = refIn(osid, 'v1', 'Pod', `${osid}-0`);
    const { uid } = (await access.admin.get(ref)).metadata;
    const annotate = (value: string | null) =>
      access.admin.mergePatch(ref, { metadata: { annotations: { 'runos.dev/fail': value } } });
    await annotate('never-ready');
    const failure = (reason: string) =>
      harness.waitForStatus(osid, ({ objects: all }) => all.some((one) => one.reason === reason));
    await failure('PodNotReady');
    const words = 'Readiness probe failed: (error) MISCONF Errors writing to the AOF file: No space left on device';
    await access.admin.create({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${osid}-0.1`, namespace: osid },
      involvedObject: { ...ref, uid },
      reason: 'Unhealthy',
      type: 'Warning',
      message: words,
    });
    await failure('DiskFull');
    // The StatefulSet counts its ready pods a moment later.
    await harness.waitForStatus(osid, ({ conditions }) =>
      conditions.some(({ type, message }) => type === 'Ready' && message?.includes(words)),
    );
    await annotate(null);
    await harness.waitForStatus(osid, ({ phase }) => phase === 'ready');
  });
});
