import { afterEach, describe, expect, it } from '@jest/globals';
import type { DetectedAddon } from '@runos/agent-protocol';
import { addon } from '@runos/addons';
import { type KubeObject, type ObjectRef, packObjects, printRef, refOf } from '@runos/kube-objects';
import { publishedManifest } from '@runos/testing-kube';
import { waitUntil } from '@runos/testing-process';
import { deleteAll, detectorOf, installerOf, useAddonAccess } from './addon-harness.js';
import type { AgentAccess } from './agent-access.js';

let access: AgentAccess;
let created: ObjectRef[] = [];

useAddonAccess((started) => (access = started));

afterEach(async () => {
  await deleteAll(access.admin, created);
  created = [];
});

/** The published CRDs of an add-on, of which the test deletes what it leaves. */
async function manifestOf(name: string): Promise<KubeObject[]> {
  const objects = await publishedManifest<KubeObject>(addon(name));
  created = objects.map(refOf);
  return objects;
}

const inputOf = (name: string, objects: readonly KubeObject[]) => {
  const { digest, objectsGz } = packObjects(objects);
  return { name, version: addon(name).version, digest, objectsGz };
};

/** Creates an object of a kind that the API server may not serve yet. */
async function createServed(object: KubeObject): Promise<void> {
  let last: unknown;
  const tryCreate = async (): Promise<boolean> => {
    try {
      await access.admin.create(object);
      return true;
    } catch (error) {
      last = error;
      return false;
    }
  };
  await waitUntil(tryCreate, { deadlineMs: 20_000, because: () => `${printRef(refOf(object))}: ${String(last)}` });
}

/** An object that each add-on defines. */
const examples: Readonly<Record<string, KubeObject>> = {
  'gateway-api': {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'shop', namespace: 'default' },
    spec: { hostnames: ['shop.example.com'], rules: [{ backendRefs: [{ name: 'shop', port: 80 }] }] },
  },
  'cert-manager': {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Issuer',
    metadata: { name: 'shop', namespace: 'default' },
    spec: { selfSigned: {} },
  },
};

describe.each([
  ['gateway-api', '1.4.1'],
  // Its published CRDs have no version in them.
  ['cert-manager', null],
])('the add-on %s, which has no operator', (name, version) => {
  it('is installed with the rights of the manifests, reported in its version, and removed when nothing uses it', async () => {
    const objects = await manifestOf(name);
    let last: DetectedAddon | undefined;
    const detector = detectorOf(access, ([reported]) => void (last = reported));
    const reported = (expected: DetectedAddon) =>
      waitUntil(() => JSON.stringify(last) === JSON.stringify(expected), {
        deadlineMs: 30_000,
        because: () => `reported was ${JSON.stringify(last)}`,
      });
    try {
      detector.connected([{ name, ...addon(name).recognition }]);
      await reported({ name, present: false, ours: false, version: null, ready: false });
      const installer = installerOf(access);
      expect(await installer.applyAddon(inputOf(name, objects))).toEqual({ accepted: true, done: true });
      await reported({ name, present: true, ours: true, version, ready: true });
      const example = examples[name] as KubeObject;
      await createServed(example);
      expect(await installer.removeAddon({ name })).toMatchObject({
        accepted: false,
        reason: expect.stringContaining(`${name} is in use. 1 custom resource exists: ${printRef(refOf(example))}`),
      });
      await access.admin.delete(refOf(example));
      await waitUntil(async () => (await installer.removeAddon({ name })).done, {
        deadlineMs: 240_000,
        everyMs: 250,
        because: () => `${name} is not removed`,
      });
      await reported({ name, present: false, ours: false, version: null, ready: false });
    } finally {
      await detector.stop();
    }
  });

  it('stays that of a user who has installed it', async () => {
    const objects = await manifestOf(name);
    for (const object of objects) await access.admin.apply(object, { fieldManager: 'helm' });
    expect(await installerOf(access).applyAddon(inputOf(name, objects))).toMatchObject({
      accepted: false,
      reason: expect.stringContaining(`exists and was not installed by RunOS as part of ${name}`),
    });
  });
});
