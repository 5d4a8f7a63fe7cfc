import { jest } from '@jest/globals';
import { addon, type Addon } from '@runos/addons';
import type { KubeClient } from '@runos/kube-client';
import { type KubeObject, type ObjectRef, packObjects, refOf } from '@runos/kube-objects';
import { ownCluster, publishedManifest } from '@runos/testing-kube';
import { waitUntil } from '@runos/testing-process';
import { AddonInstaller, type AddonInstallerOptions } from '../src/addons/addon-installer.js';
import { FencedSecrets } from '../src/leadership/fenced-secrets.js';
import { type AgentAccess, agentAccess, type AgentAccessOptions } from './agent-access.js';
import { leaseTerm } from './harness.js';

// The namespace of an operator takes seconds to terminate, and more on a busy machine.
jest.setTimeout(180_000);

const { manifestUrl, ...pinned } = addon('cloudnative-pg');
export const { name, version, recognition } = pinned;
export const olderVersion = '1.26.1';

/** The labels of what RunOS installed of the add-on. */
export const addonLabels = { 'app.kubernetes.io/managed-by': 'runos', 'runos.com/addon': name };

/** The objects of a published manifest of CloudNativePG. */
export const manifestOf = (release: Addon['version']): Promise<KubeObject[]> =>
  publishedManifest({ name, manifestUrl: manifestUrl.replaceAll(version, release) });

export const inputOf = (objects: readonly KubeObject[], release = version) => {
  const { digest, objectsGz } = packObjects(objects);
  return { name, version: release, digest, objectsGz };
};

/** A cluster without add-ons, whose administrator lets RunOS install them. */
export async function addonAccess(options: AgentAccessOptions = {}): Promise<AgentAccess> {
  const cluster = await ownCluster();
  try {
    const access = await agentAccess({ ...options, cluster, addons: true });
    const crds = (await manifestOf(version)).filter(({ kind }) => kind === 'CustomResourceDefinition');
    await deleteAll(access.admin, crds.map(refOf));
    return access;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

export const installerOf = (
  { agent, namespace }: Pick<AgentAccess, 'agent' | 'namespace'>,
  contents: AddonInstallerOptions['contents'] = 'all',
): AddonInstaller =>
  new AddonInstaller({ client: agent, secrets: new FencedSecrets(agent, namespace, leaseTerm()), contents });

/** The objects that exist. */
export async function existing(client: KubeClient, refs: readonly ObjectRef[]): Promise<ObjectRef[]> {
  const found = await Promise.all(refs.map((ref) => client.find(ref, { metadataOnly: true })));
  return refs.filter((_, index) => found[index] !== undefined);
}

/** Deletes the objects and waits until they are gone. */
export async function deleteAll(client: KubeClient, refs: readonly ObjectRef[]): Promise<void> {
  for (const ref of refs) await client.delete(ref);
  await waitUntil(async () => (await existing(client, refs)).length === 0, {
    deadlineMs: 60_000,
    because: () => 'deleted objects remain',
  });
}

/** Repeats the removal as the plane does, until it is done; without objects as an older plane does. */
export const removeUntilDone = (installer: AddonInstaller, objects?: readonly KubeObject[]): Promise<void> =>
  waitUntil(
    async () => {
      const manifest = objects && packObjects(objects);
      const { accepted, done, reason } = await installer.removeAddon({ name, manifest });
      if (!accepted) throw new Error(reason);
      return done;
    },
    { deadlineMs: 60_000, because: () => 'the add-on is not removed' },
  );

/** The managers of an object's fields, without those of its status. */
export async function ownersOf(client: KubeClient, ref: ObjectRef) {
  const { metadata } = await client.get(ref);
  return metadata.managedFields?.filter(({ subresource }) => subresource === undefined);
}
