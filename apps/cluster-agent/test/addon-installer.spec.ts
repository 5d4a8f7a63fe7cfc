import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { bearer, KubeClient } from '@runos/kube-client';
import { type KubeObject, mapAt, mapsIn, type ObjectRef, refOf } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import type { AddonInstaller } from '../src/addons/addon-installer.js';
import {
  deleteAddon,
  deleteAll,
  existing,
  inputOf,
  installerOf,
  manifestOf,
  name,
  olderVersion,
  ownersOf,
  removeUntilDone,
  useAddonAccess,
  version,
  whileDetected,
} from './addon-harness.js';
import { type AgentAccess, agentAccess } from './agent-access.js';
import { ofKind, refIn } from './harness.js';

const done = { accepted: true, done: true };
const cnpg = 'postgresql.cnpg.io/v1';
const refused = (reason: RegExp) => ({ accepted: false, done: false, reason: expect.stringMatching(reason) });
const crdRef = (plural: string): ObjectRef => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: `${plural}.postgresql.cnpg.io`,
});

let access: AgentAccess;
let objects: KubeObject[];
let older: KubeObject[];
let refs: ObjectRef[];
let installer: AddonInstaller;

useAddonAccess((started) => (access = started));

beforeAll(async () => {
  objects = await manifestOf(version);
  older = await manifestOf(olderVersion);
  refs = objects.map(refOf);
  installer = installerOf(access);
});

afterEach(() => deleteAddon(access, refs));

/** A custom resource, created as a user does; before that the webhooks, which no operator serves, are deleted. */
async function createCustomResource(kind: string, named: string): Promise<ObjectRef> {
  const spec = kind === 'Cluster' ? { instances: 1, storage: { size: '1Gi' } } : undefined;
  const object = { apiVersion: cnpg, kind, metadata: { name: named, namespace: 'default' }, spec };
  await waitUntil(
    () =>
      access.admin.create(object).then(
        () => true,
        () => false,
      ), // until the new kind is served
    { because: () => `${kind} ${named} cannot be created` },
  );
  return refOf(object);
}

const deleteWebhooks = () =>
  deleteAll(
    access.admin,
    refs.filter(({ kind }) => kind.endsWith('WebhookConfiguration')),
  );

const operatorImage = async (): Promise<unknown> => {
  const deployment = await access.admin.get(refOf(ofKind(objects, 'Deployment')));
  return mapsIn(mapAt(deployment, 'spec', 'template', 'spec')['containers'])[0]?.['image'];
};

describe('an add-on', () => {
  it('that lost a CRD or its operator is not ready until it is applied again', async () => {
    const ready = { name, present: true, ours: true, version, ready: true };
    await whileDetected(access, async (reported, detector) => {
      for (const lost of [crdRef('imagecatalogs'), refOf(ofKind(objects, 'Deployment'))]) {
        const applied = detector.whileChanging(() => installer.applyAddon(inputOf(objects)));
        expect(await applied).toEqual(done);
        await reported(ready);
        await deleteAll(access.admin, [lost]);
        await reported({ ...ready, ready: false, version: lost.kind === 'Deployment' ? null : version });
      }
    });
  });

  it('is unchanged by a repetition, even one that arrives during the first', async () => {
    const replies = await Promise.all([1, 2].map(() => installer.applyAddon(inputOf(objects))));
    expect(replies).toEqual([done, done]);
    const crds = refs.filter(({ kind }) => kind === 'CustomResourceDefinition');
    const generations = () => Promise.all(crds.map(async (ref) => (await access.admin.get(ref)).metadata.generation));
    const before = await generations();
    expect(await installer.applyAddon(inputOf(objects))).toEqual(done);
    expect(await generations()).toEqual(before);
  });

  it('cannot be installed without addons.yaml', async () => {
    const without = await agentAccess({ cluster: { ...access.cluster, stop: () => Promise.resolve() } });
    const reply = await installerOf(without).applyAddon(inputOf(objects));
    await without.stop();
    expect(reply).toEqual(
      refused(/^Cannot read CustomResourceDefinition .* is forbidden: User .* cannot get resource/),
    );
    expect(await existing(access.admin, refs)).toEqual([]);
  });

  it('is upgraded: new objects are added, the operator is changed', async () => {
    expect(await installer.applyAddon(inputOf(older, olderVersion))).toEqual(done);
    expect(await existing(access.admin, [crdRef('failoverquorums')])).toEqual([]);
    expect(await operatorImage()).toMatch(/:1\.26\.1$/);
    expect(await installer.applyAddon(inputOf(objects))).toEqual(done);
    expect(await existing(access.admin, refs)).toEqual(refs);
    expect(await operatorImage()).toMatch(/:1\.27\.0$/);
  });

  it('loses what its new version does not have, but never a CRD with custom resources', async () => {
    const obsolete = refOf(ofKind(objects, 'ConfigMap'));
    const without = older.filter(({ kind }) => kind !== 'ConfigMap');
    await installer.applyAddon(inputOf(objects));
    const quorum = await createCustomResource('FailoverQuorum', 'shop');
    expect(await installer.applyAddon(inputOf(without, olderVersion))).toEqual({
      ...done,
      reason:
        'CustomResourceDefinition failoverquorums.postgresql.cnpg.io is kept. 1 custom resource exists: FailoverQuorum default/shop.',
    });
    expect(await existing(access.admin, [obsolete])).toEqual([]);
    await access.admin.delete(quorum);
    await waitUntil(async () => (await installer.applyAddon(inputOf(without, olderVersion))).done, {
      because: () => 'the CRD is still being deleted',
    });
    expect(await existing(access.admin, [crdRef('failoverquorums')])).toEqual([]);
  });

  it('is removed completely, but not while it is in use', async () => {
    await installer.applyAddon(inputOf(objects));
    await deleteWebhooks();
    const clusters: ObjectRef[] = [];
    for (const index of [1, 2, 3, 4, 5, 6]) clusters.push(await createCustomResource('Cluster', `c${index}`));
    expect(await installer.removeAddon({ name })).toEqual(
      refused(
        /^cloudnative-pg is in use\. 6 custom resources exist: (Cluster default\/c\d, ){5}…\. Delete them first\.$/,
      ),
    );
    const retained = refs.filter(({ kind }) => !kind.endsWith('WebhookConfiguration'));
    expect(await existing(access.admin, retained)).toEqual(retained);
    await deleteAll(access.admin, clusters);
    await removeUntilDone(installer);
    expect(await existing(access.admin, refs)).toEqual([]);
    const record = refIn(access.namespace, 'v1', 'Secret', `addon-${name}`);
    expect(await existing(access.admin, [record])).toEqual([]);
    expect(await installer.removeAddon({ name })).toEqual(done);
  });

  it('is completed, or removed, by an agent after another was killed in the middle', async () => {
    const { server, ca } = access.cluster;
    const interrupt = async () => {
      const agent = new KubeClient({ server, ca, ...bearer(access.token) });
      const apply = agent.apply.bind(agent);
      agent.apply = async (object, options) => {
        if (object.kind === 'Service') await agent.close();
        return apply(object, options);
      };
      expect(await installerOf({ ...access, agent }).applyAddon(inputOf(objects))).toEqual(
        refused(/^Cannot apply Service/),
      );
    };
    await interrupt();
    expect((await existing(access.admin, refs)).length).toBeGreaterThan(5);
    expect(await existing(access.admin, [refOf(ofKind(objects, 'Deployment'))])).toEqual([]);
    await removeUntilDone(installer);
    expect(await existing(access.admin, refs)).toEqual([]);
    await interrupt();
    expect(await installer.applyAddon(inputOf(objects))).toEqual(done);
    expect(await existing(access.admin, refs)).toEqual(refs);
  });

  it('can consist of its CRDs alone', async () => {
    const crds = refs.filter(({ kind }) => kind === 'CustomResourceDefinition');
    expect(await installerOf(access, 'crds').applyAddon(inputOf(objects))).toEqual(done);
    expect(await existing(access.admin, refs)).toEqual(crds);
  });
});

/** The controllers of Kubernetes write the status of a CRD after it was created. */
const hasSettled = (object: KubeObject): boolean =>
  object.kind !== 'CustomResourceDefinition' ||
  mapsIn(mapAt(object, 'status')['conditions']).some(({ type, status }) => type === 'Established' && status === 'True');

describe("a user's operator", () => {
  const kinds = [
    'Namespace',
    'CustomResourceDefinition',
    'ClusterRole',
    'ClusterRoleBinding',
    'MutatingWebhookConfiguration',
    'ValidatingWebhookConfiguration',
  ];

  it.each(kinds)('stays untouched, although only its %s exists', async (kind) => {
    const foreign = ofKind(objects, kind);
    const ref = refOf(foreign);
    await access.admin.apply(foreign, { fieldManager: 'helm' });
    try {
      await waitUntil(async () => hasSettled(await access.admin.get(ref)), {
        because: () => `the controllers did not observe the ${kind}`,
      });
      const before = await ownersOf(access.admin, ref);
      expect(await installer.applyAddon(inputOf(objects))).toEqual(
        refused(new RegExp(`^${kind} ${ref.name} exists and was not installed by RunOS .* never taken over`)),
      );
      expect(await installer.removeAddon({ name })).toEqual(done);
      expect(await ownersOf(access.admin, ref)).toEqual(before);
      expect(await existing(access.admin, refs)).toEqual([ref]);
    } finally {
      await deleteAll(access.admin, [ref]);
    }
  });
});

describe('a manifest', () => {
  it.each([
    [
      'a kind that no add-on has',
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x', namespace: 'kube-system' } },
      /Secret kube-system\/x: .* kind Secret of v1/,
    ],
    [
      'the kind of another group',
      { apiVersion: 'example.com/v1', kind: 'ClusterRole', metadata: { name: 'x' } },
      /kind ClusterRole of example.com\/v1/,
    ],
    ['an object twice', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'cnpg-system' } }, /twice/],
  ])('with %s is refused before any write', async (_, intruder, reason) => {
    expect(await installer.applyAddon(inputOf([...objects, intruder]))).toEqual(refused(reason));
    expect(await existing(access.admin, refs)).toEqual([]);
  });

  it('with another digest, or without a CRD, is refused', async () => {
    const digest = 'a'.repeat(64);
    expect(await installer.applyAddon({ ...inputOf(objects), digest })).toEqual(refused(/digest/));
    expect(await installer.applyAddon(inputOf([]))).toEqual(refused(/no CustomResourceDefinition/));
  });
});
