import { headers, type NatsConnection } from '@nats-io/transport-node';
import { APPLY_BUNDLE, DELETE_BUNDLE } from '@runos/agent-protocol';
import { agentGateway } from '@runos/contracts';
import { KubeClient, readKubeconfig } from '@runos/kube-client';
import { type KubeObject, labelsOf, packObjects, printRef, refOf } from '@runos/kube-objects';
import { kindRules } from '@runos/service-types';
import { eventually } from '@runos/tool-e2e';
import { stealNats } from '../stolen-nats.js';
import { attemptsOn } from './kube-attempts/attempts.js';
import { plain, statefulSetOf } from './kube-attempts/objects.js';
import type { Target } from './target.js';

export interface StolenReconcilerFindings {
  readonly tried: number;
  /** Hostile objects that exist after the agent has applied the bundle. */
  readonly written: readonly string[];
  /** The reply to a bundle with an object of another namespace. */
  readonly foreign: unknown;
}

const osid = 'postgresql-taken';
/** What an agent may write in the namespace of an instance. It has no right on other kinds. */
const kinds: ReadonlySet<unknown> = new Set(['Cluster', 'PersistentVolumeClaim', 'Service', 'StatefulSet']);

/**
 * Sends bundles to the cluster agent of a running plane with the stolen NATS credentials of the reconciler. The agent
 * obeys, so the policies of the cluster must refuse each object that its token must not write.
 */
export async function useStolenReconciler(target: Target): Promise<StolenReconcilerFindings> {
  const labels = labelsOf({ aid: target.aid, cid: target.cid, osid });
  const owned = (object: KubeObject, name = object.metadata.name): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, name, labels },
  });
  const namespace = owned({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: osid } });
  const hostile = hostileObjects().map((object, n) => owned(object, `stolen-${n}`));
  const harmless = [2, 3].map((revision) => owned(statefulSetOf(osid, {}), `own-${revision}`));
  const admin = new KubeClient(await readKubeconfig(target.kubeconfig));
  const connection = await (await stealNats(target.data)).connectAs('reconciler');
  const instruct = (type: string, body: object) => send(connection, target, type, body);
  const apply = (revision: number, objects: readonly KubeObject[]) =>
    instruct(APPLY_BUNDLE.type, bundleOf(revision, objects));
  try {
    const foreign = await apply(1, [namespace, owned(plain('ConfigMap', 'kube-system'))]);
    // The objects of the second revision are applied after each object of the first was attempted.
    for (const [n, own] of harmless.entries()) {
      await apply(2 + n, [namespace, ...hostile, own]);
      const isApplied = async () => (await admin.find(refOf(own))) !== undefined;
      await eventually('the harmless object of the bundle', isApplied);
    }
    const found = await Promise.all(hostile.map((object) => admin.find(refOf(object))));
    const written = found.flatMap((live) => (live === undefined ? [] : [printRef(refOf(live))]));
    return { tried: hostile.length, written, foreign };
  } finally {
    await instruct(DELETE_BUNDLE.type, { osid, generation: 4, revision: 4 });
    const isGone = async () => (await admin.find(refOf(namespace))) === undefined;
    await eventually('the end of the namespace', isGone);
    await Promise.all([connection.close(), admin.close()]);
  }
}

/** The objects that a stolen token of the agent would create in the namespace. */
const hostileObjects = (): KubeObject[] =>
  attemptsOn(osid)
    .filter(({ method, path }) => method === 'POST' && path.includes(`/namespaces/${osid}/`))
    .map(({ body }) => body as KubeObject)
    .filter(({ kind }) => kinds.has(kind));

const bundleOf = (revision: number, objects: readonly KubeObject[]) => {
  const { objectsGz, digest } = packObjects(objects);
  return { osid, generation: revision, revision, digest, driftPolicy: 'repair', objectsGz, ...kindRules('postgresql') };
};

/** The reply of the agent. */
async function send(connection: NatsConnection, { aid, cid }: Target, type: string, body: object): Promise<unknown> {
  const asTenant = headers();
  asTenant.set('runos-tenant', aid);
  const input = JSON.stringify({ cid, nid: null, type, body, timeoutMs: 10_000 });
  const answer = await connection.request(agentGateway.instruct.subject, input, { timeout: 15_000, headers: asTenant });
  return answer.json();
}
