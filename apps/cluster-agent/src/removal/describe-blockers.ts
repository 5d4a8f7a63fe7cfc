import type { KubeClient } from '@runos/kube-client';
import { conditionsOf } from '@runos/kube-kinds';
import { type InventoryEntry, type KubeObject, mapAt, printRef, refKey, refOf, textOf } from '@runos/kube-objects';
import type { Dependent } from '../instances/instance-facts.js';
import type { RemovalBlockers } from '../instances/removal-state.js';
import { namespaceContent } from './namespace-content.js';
import { volumeKind } from './volumes.js';

/** Conditions that explain why a namespace is still terminating. They are empty for the first seconds. */
const blockingConditions: ReadonlySet<string> = new Set([
  'NamespaceDeletionDiscoveryFailure',
  'NamespaceDeletionGroupVersionParsingFailure',
  'NamespaceDeletionContentFailure',
  'NamespaceContentRemaining',
  'NamespaceFinalizersRemaining',
]);

/** The conditions of the terminating namespace, and each object with a finalizer and its controller. */
export async function describeBlockers(
  client: KubeClient,
  osid: string,
  undeleted: readonly KubeObject[],
  signal: AbortSignal,
): Promise<RemovalBlockers> {
  const namespace = undeleted.find(({ kind }) => kind === 'Namespace');
  const conditions = namespace === undefined ? [] : conditionsOf(namespace).filter(isBlocking);
  const content = await namespaceContent(client, osid, conditions, signal);
  const objects = new Map(
    [...undeleted.filter(({ kind }) => kind !== 'Namespace'), ...content].map((one) => [refKey(refOf(one)), one]),
  );
  const blockers = [...objects.values()].flatMap((one) =>
    isUndeletedVolume(one) ? [volumeBlocker(one)] : finalizerBlocker(one),
  );
  const quoted = conditions.map(({ message }) => message).join(' ');
  const named = blockers.map(({ health }) => health.message).join(' ');
  return {
    blockers,
    reason: 'DeletionBlocked',
    message: `Kubernetes blocks the deletion of ${osid}. ${[named, quoted].filter(Boolean).join(' ')}`.trim(),
  };
}

/** A deletion that the API server has refused, with its words. */
export const refusedDeletion = ({ uid: _, ...ref }: InventoryEntry, words: string): Dependent => ({
  ref,
  health: { state: 'progressing', reason: 'DeletionRefused', message: `Cannot delete ${printRef(ref)}: ${words}` },
});

/** Refusals come first, because only a person can end them. */
export function withRefusals(blocked: RemovalBlockers, refused: readonly Dependent[]): RemovalBlockers {
  if (refused.length === 0) return blocked;
  const messages = refused.map(({ health }) => health.message);
  return {
    blockers: [...refused, ...blocked.blockers],
    reason: 'DeletionRefused',
    message: [...messages, blocked.message].filter(Boolean).join(' '),
  };
}

const isBlocking = ({ type, status }: { type: string; status: string }): boolean =>
  blockingConditions.has(type) && status === 'True';

/** A volume that its provisioner has not deleted. */
const isUndeletedVolume = ({ kind, metadata }: KubeObject): boolean =>
  kind === volumeKind.kind && metadata.deletionTimestamp === undefined;

function volumeBlocker(volume: KubeObject): Dependent {
  const { phase, message: cause } = mapAt(volume, 'status');
  const provisioner =
    volume.metadata.annotations?.['pv.kubernetes.io/provisioned-by'] ??
    textOf(mapAt(volume, 'spec', 'csi')['driver']) ??
    'its storage class';
  const message =
    `${printRef(refOf(volume))} and the data in it are not deleted yet (${String(phase)}${cause ? `: ${String(cause)}` : ''}): ` +
    `see that the provisioner of ${provisioner} runs, or delete the volume by hand.`;
  return { ref: refOf(volume), health: { state: 'progressing', reason: 'VolumeRemaining', message } };
}

function finalizerBlocker(object: KubeObject): Dependent[] {
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.length === 0) return [];
  const owners = [...new Set(finalizers.map((name) => name.split('/')[0]))].join(', ');
  const message =
    `${printRef(refOf(object))} is kept by the finalizer ${finalizers.join(', ')}: see that the controller of ${owners} ` +
    'runs, or, if it is no longer installed, remove the finalizer by hand.';
  return [{ ref: refOf(object), health: { state: 'progressing', reason: 'FinalizerRemaining', message } }];
}
