import { beforeAll, describe, expect, it } from '@jest/globals';
import { type KubeObject, mapAt, ownedHash, refKey, refOf, textOf } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { podSecurityLabel, podSecurityVersionLabel } from '../src/apply/pod-security.js';
import { bundleSecretName, type Checkpoint } from '../src/bundles/bundle-record.js';
import { desiredHashOf } from '../src/instances/desired-hash.js';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
const osid = newOsid();
const objects = objectsOf(osid);
const [namespace] = objects as [KubeObject];

useHarness((started) => ({ access, harness } = started));

beforeAll(async () => {
  await harness.applyUntilReady(bundleOf(osid, 1, objects));
}, 900_000);

/** The live objects and pods without the namespace, by uid and by what only a change of their spec alters. */
async function workloads(): Promise<unknown[]> {
  const read = async ({ apiVersion, kind, metadata: { name } }: KubeObject): Promise<KubeObject> =>
    access.admin.get(refIn(osid, apiVersion, kind, name));
  const live = await Promise.all(objects.filter(({ kind }) => kind !== 'Namespace').map(read));
  const pods = await access.admin.list({ apiVersion: 'v1', kind: 'Pod', namespace: osid });
  return [...live, ...pods].map(({ kind, metadata: { name, uid, generation, managedFields } }) => {
    const specWrites = managedFields?.filter((entry) => entry['subresource'] === undefined);
    return { kind, name, uid, generation, specWrites };
  });
}

/** Leaves namespace and checkpoint as an agent that does not set the level: the namespace as it was rendered. */
async function asOlderAgentLeft(): Promise<void> {
  const { admin } = access;
  const labels = { [podSecurityLabel]: null, [podSecurityVersionLabel]: 'v1.0' };
  const live = await admin.mergePatch(refOf(namespace), { metadata: { labels } });
  const secret = refIn(access.namespace, 'v1', 'Secret', bundleSecretName(osid));
  const stored = Buffer.from(textOf(mapAt(await admin.get(secret), 'data')['checkpoint']) ?? '', 'base64');
  const checkpoint = JSON.parse(stored.toString('utf8')) as Checkpoint;
  const key = refKey(refOf(namespace));
  const hashes = { ownedHash: ownedHash(live), desiredHash: desiredHashOf(namespace) };
  const applied = { ...checkpoint.applied, [key]: { ...checkpoint.applied[key], ...hashes } };
  const data = { checkpoint: Buffer.from(JSON.stringify({ ...checkpoint, applied })).toString('base64') };
  await admin.mergePatch(secret, { data });
}

async function levelOf(): Promise<{ level: string | undefined; edition: string | undefined }> {
  const { labels } = (await access.admin.get(refIn(osid, 'v1', 'Namespace'))).metadata;
  return { level: labels?.[podSecurityLabel], edition: labels?.[podSecurityVersionLabel] };
}

describe('an instance of an agent that did not set the Pod Security Standard', () => {
  it('gets it from the agent that starts after the upgrade, and runs on unchanged', async () => {
    const before = await workloads();
    await harness.restart(async () => {
      await asOlderAgentLeft();
      expect(await levelOf()).toEqual({ level: undefined, edition: 'v1.0' });
    });
    await waitUntil(async () => (await levelOf()).level === 'restricted', {
      because: () => 'the namespace has no level',
    });
    expect(await levelOf()).toEqual({ level: 'restricted', edition: 'latest' });
    await harness.applyUntilReady(bundleOf(osid, 2, objects));
    expect(await workloads()).toEqual(before);
    const reported = harness.statuses.filter((status) => status.osid === osid);
    expect(reported.filter(({ phase, drift }) => phase === 'failed' || drift !== undefined)).toEqual([]);
  });
});
