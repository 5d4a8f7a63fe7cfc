import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type KubeObject, type ObjectRef, refOf } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import type { AddonInstaller } from '../src/addons/addon-installer.js';
import {
  deleteAll,
  existing,
  inputOf,
  installerOf,
  manifestOf,
  name,
  olderVersion,
  removeUntilDone,
  useAddonAccess,
  version,
  whileDetected,
} from './addon-harness.js';
import type { AgentAccess } from './agent-access.js';
import { ofKind, refIn } from './harness.js';

const done = { accepted: true, done: true };

let access: AgentAccess;
let objects: KubeObject[];
let refs: ObjectRef[];
let record: ObjectRef;
let installer: AddonInstaller;

useAddonAccess((started) => (access = started));

beforeAll(async () => {
  objects = await manifestOf(version);
  refs = objects.map(refOf);
  record = refIn(access.namespace, 'v1', 'Secret', `addon-${name}`);
  installer = installerOf(access);
});

/** It installs what the test before it has removed or lost. */
beforeEach(async () => {
  expect(await installer.applyAddon(inputOf(objects))).toEqual(done);
});

const deleteRecord = () => access.admin.delete(record);

/** What happens to the Secret in which the agent records what it has installed. */
const losses: [string, () => Promise<unknown>][] = [
  ['deleted', deleteRecord],
  ['damaged', () => access.admin.mergePatch(record, { data: { record: 'e30=' } })],
];

describe.each(losses)('an add-on whose record was %s', (_, lose) => {
  it('is removed completely', async () => {
    await lose();
    await removeUntilDone(installer, objects);
    expect(await existing(access.admin, [...refs, record])).toEqual([]);
  });

  it('is not ready, until the plane applies it again', () =>
    whileDetected(access, async (reported) => {
      await reported({ ready: true });
      await lose();
      await reported({ ready: false });
      expect(await installer.applyAddon(inputOf(objects))).toEqual(done);
      await reported({ ready: true });
    }));
});

describe('an add-on without a record', () => {
  it('is removed by the manifest of another version, without the objects of a user', async () => {
    const role = refOf(ofKind(objects, 'ClusterRole'));
    await access.admin.mergePatch(role, { metadata: { labels: { 'runos.com/addon': null } } });
    await deleteRecord();
    await removeUntilDone(installer, await manifestOf(olderVersion));
    expect(await existing(access.admin, refs)).toEqual([role]);
    await deleteAll(access.admin, [role]);
  });

  it('is not removed for an older plane, which sends no manifest', async () => {
    await deleteRecord();
    expect(await installer.removeAddon({ name })).toEqual({
      accepted: false,
      done: false,
      reason:
        'The record of cloudnative-pg is missing, so not all of its objects are known. One of them is CustomResourceDefinition clusters.postgresql.cnpg.io. Install cloudnative-pg again, then remove it.',
    });
    expect(await existing(access.admin, refs)).toEqual(refs);
  });

  it('loses the CRDs that its new version does not have', async () => {
    await deleteRecord();
    const older = await manifestOf(olderVersion);
    const crd = refs.find((ref) => ref.name.startsWith('failoverquorums.'));
    await waitUntil(async () => (await installer.applyAddon(inputOf(older, olderVersion))).done, {
      because: () => 'the CRD is still being deleted',
    });
    expect(await existing(access.admin, [crd as ObjectRef])).toEqual([]);
  });
});
