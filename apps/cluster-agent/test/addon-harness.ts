import { isDeepStrictEqual } from 'node:util';
import { jest } from '@jest/globals';
import type { DetectedAddon } from '@runos/agent-protocol';
import { addon, type Addon } from '@runos/addons';
import { type Clock, systemClock } from '@runos/kernel';
import { isNotFound, type KubeClient } from '@runos/kube-client';
import { type KubeObject, type ObjectRef, packObjects, printRef, refOf } from '@runos/kube-objects';
import { createLogger } from '@runos/observability';
import { ownCluster, publishedManifest } from '@runos/testing-kube';
import { waitUntil } from '@runos/testing-process';
import { AddonDetector } from '../src/addons/addon-detector.js';
import { AddonInstaller, type AddonInstallerOptions } from '../src/addons/addon-installer.js';
import { FencedSecrets } from '../src/leadership/fenced-secrets.js';
import {
  type AgentAccess,
  agentAccess,
  type AgentAccessOptions,
  finalizeNamespace,
  useAccess,
} from './agent-access.js';
import { leaseTerm, refIn } from './harness.js';

// The namespace of an operator and its CRDs take seconds to terminate, and minutes on a busy machine.
jest.setTimeout(300_000);

/** For objects to be gone, ms. */
const deletionDeadlineMs = 240_000;

const { manifestUrls, ...pinned } = addon('cloudnative-pg');
export const { name, version, recognition } = pinned;
export const olderVersion = '1.26.1';

/** The labels of what RunOS installed of the add-on. */
export const addonLabels = { 'app.kubernetes.io/managed-by': 'runos', 'runos.com/addon': name };

/** The objects of a published manifest of CloudNativePG. */
export const fullManifestOf = (release: Addon['version']): Promise<KubeObject[]> =>
  publishedManifest({ name, manifestUrls: manifestUrls.map((url) => url.replaceAll(version, release)) });

/** The CRDs of most specs, because Kubernetes takes seconds to delete one: the recognized one, and two small ones. */
const crds = ['clusters', 'imagecatalogs', 'failoverquorums'];

/** A published manifest of CloudNativePG with three of its ten CRDs. The older version has no `failoverquorums`. */
export const manifestOf = async (release: Addon['version']): Promise<KubeObject[]> =>
  (await fullManifestOf(release)).filter(
    ({ kind, metadata }) =>
      kind !== 'CustomResourceDefinition' || crds.some((plural) => metadata.name.startsWith(`${plural}.`)),
  );

/** A reference to the published object of a kind; of the roles, to that of the operator. */
export const publishedRef = (objects: readonly KubeObject[], kind: string): ObjectRef =>
  refOf(
    objects.find(
      (each) => each.kind === kind && (kind !== 'ClusterRole' || each.metadata.name === 'cnpg-manager'),
    ) as KubeObject,
  );

export const inputOf = (objects: readonly KubeObject[], release = version) => {
  const { digest, objectsGz } = packObjects(objects);
  return { name, version: release, digest, objectsGz };
};

/** For a spec, a cluster without add-ons, whose administrator lets RunOS install them; not with `addons: false`. */
export const useAddonAccess = (assign: (access: AgentAccess) => unknown, options: AgentAccessOptions = {}): void =>
  useAccess(assign, async () => {
    const cluster = await ownCluster({ operators: [] });
    try {
      return await agentAccess({ addons: true, ...options, cluster });
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  });

/** Installs the add-on. Returns its objects as they are published. */
export async function install(access: AgentAccess): Promise<KubeObject[]> {
  const objects = await manifestOf(version);
  const { done, reason } = await installerOf(access).applyAddon(inputOf(objects));
  if (!done) throw new Error(reason);
  return objects;
}

export const installerOf = (
  { agent, namespace }: Pick<AgentAccess, 'agent' | 'namespace'>,
  contents: AddonInstallerOptions['contents'] = 'all',
): AddonInstaller =>
  new AddonInstaller({ client: agent, secrets: new FencedSecrets(agent, namespace, leaseTerm()), contents });

/** A detector with the rights of the deployed manifests. */
export const detectorOf = (
  { agent, namespace }: Pick<AgentAccess, 'agent' | 'namespace'>,
  report: (addons: DetectedAddon[]) => void,
  clock: Clock = systemClock,
): AddonDetector => {
  const logger = createLogger({ service: 'cluster-agent', level: 'silent' });
  return new AddonDetector({ client: agent, namespace, logger, clock, report });
};

/** Does `work` while the add-on is detected. `reported` resolves when its last report has these properties. */
export async function whileDetected(
  access: AgentAccess,
  work: (reported: (expected: Partial<DetectedAddon>) => Promise<void>, detector: AddonDetector) => Promise<void>,
): Promise<void> {
  let last: DetectedAddon | undefined;
  const detector = detectorOf(access, ([reported]) => void (last = reported));
  detector.connected([{ name, ...recognition }]);
  try {
    const reported = (expected: Partial<DetectedAddon>) =>
      waitUntil(() => last !== undefined && isDeepStrictEqual(last, { ...last, ...expected }), {
        because: () => `reported was ${JSON.stringify(last)} instead of ${JSON.stringify(expected)}`,
      });
    await work(reported, detector);
  } finally {
    await detector.stop();
  }
}

/** The objects that exist. */
export async function existing(client: KubeClient, refs: readonly ObjectRef[]): Promise<ObjectRef[]> {
  const found = await Promise.all(refs.map((ref) => client.find(ref, { metadataOnly: true })));
  return refs.filter((_, index) => found[index] !== undefined);
}

/**
 * The finalizer of CRDs waits ever longer after each failure, up to 1,000 s, and works at once when a CRD changes.
 * https://github.com/kubernetes/apiextensions-apiserver/blob/v0.36.3/pkg/controller/finalizer/crd_finalizer.go
 */
async function wakeFinalizer(client: KubeClient, refs: readonly ObjectRef[]): Promise<void> {
  const annotations = { woken: new Date().toISOString() };
  for (const ref of refs) {
    if (ref.kind !== 'CustomResourceDefinition') continue;
    await client.mergePatch(ref, { metadata: { annotations } }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

/** Deletes the objects and waits until they are gone. */
export async function deleteAll(client: KubeClient, refs: readonly ObjectRef[]): Promise<void> {
  for (const ref of refs) await client.delete(ref); // one CRD at a time occupies a core of the API server
  let left: readonly ObjectRef[] = refs;
  const isGone = async () => (left = await existing(client, refs)).length === 0;
  const because = () => `deleted objects remain: ${left.map(printRef).join(', ')}`;
  const end = performance.now() + deletionDeadlineMs;
  while (!(await isGone())) {
    if (performance.now() > end) throw new Error(because());
    await waitUntil(isGone, { deadlineMs: 15_000, everyMs: 100, because }).catch(() => wakeFinalizer(client, left));
  }
}

/** Deletes these objects of the add-on and its record, as a person does. A removal by the agent takes many seconds. */
export async function deleteAddon({ admin, namespace }: AgentAccess, refs: readonly ObjectRef[]): Promise<void> {
  const namespaces = await existing(
    admin,
    refs.filter(({ kind }) => kind === 'Namespace'),
  );
  const others = refs.filter(({ kind }) => kind !== 'Namespace');
  const record = refIn(namespace, 'v1', 'Secret', `addon-${name}`);
  await deleteAll(admin, [...others, record]);
  for (const each of namespaces) {
    await admin.delete(each);
    await finalizeNamespace(admin, each.name);
  }
  await deleteAll(admin, namespaces);
}

/** Repeats the removal as the plane does, until it is done. Resolves with the last reason; without objects as an older plane does. */
export async function removeUntilDone(
  installer: AddonInstaller,
  objects?: readonly KubeObject[],
): Promise<string | undefined> {
  const manifest = objects && packObjects(objects);
  let last: string | undefined;
  await waitUntil(
    async () => {
      const { accepted, done, reason } = await installer.removeAddon({ name, manifest });
      if (!accepted) throw new Error(reason);
      last = reason;
      return done;
    },
    { deadlineMs: deletionDeadlineMs, everyMs: 250, because: () => 'the add-on is not removed' },
  );
  return last;
}

/** The managers of an object's fields, without those of its status. */
export async function ownersOf(client: KubeClient, ref: ObjectRef) {
  const { metadata } = await client.get(ref);
  return metadata.managedFields?.filter(({ subresource }) => subresource === undefined);
}
