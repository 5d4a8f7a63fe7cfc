import type { KubeClient } from '@runos/kube-client';
import { conditionsOf, type KubeObject, mapAt, printRef, refKey, refOf, textOf } from '@runos/kube-objects';
import type { Dependent, Removal } from '../instances/instance.js';
import { remainingIn } from './remaining.js';
import { volumeKind } from './volumes.js';

/** Conditions by which a namespace tells why it does not end; they stay empty for the first seconds. */
const telling: ReadonlySet<string> = new Set([
  'NamespaceDeletionDiscoveryFailure',
  'NamespaceDeletionGroupVersionParsingFailure',
  'NamespaceDeletionContentFailure',
  'NamespaceContentRemaining',
  'NamespaceFinalizersRemaining',
]);

/** What holds a removal up: the namespace's own words, and each object that a finalizer keeps, with its owner. */
export async function whatHolds(
  client: KubeClient,
  osid: string,
  left: readonly KubeObject[],
  signal: AbortSignal,
): Promise<Pick<Removal, 'heldUp' | 'reason' | 'message'>> {
  const namespace = left.find(({ kind }) => kind === 'Namespace');
  const words = namespace === undefined ? [] : conditionsOf(namespace).filter(speaks);
  const inside = await remainingIn(client, osid, words, signal);
  const kept = new Map(
    [...left.filter(({ kind }) => kind !== 'Namespace'), ...inside].map((one) => [refKey(refOf(one)), one]),
  );
  const heldUp = [...kept.values()].flatMap((one) => (isStaying(one) ? [volumeLine(one)] : finalizerLine(one)));
  const quoted = words.map(({ message }) => message).join(' ');
  const named = heldUp.map(({ health }) => health.message).join(' ');
  return {
    heldUp,
    reason: 'HeldUp',
    message: `Kubernetes holds up the deletion of ${osid}. ${[named, quoted].filter(Boolean).join(' ')}`.trim(),
  };
}

const speaks = ({ type, status }: { type: string; status: string }): boolean => telling.has(type) && status === 'True';

/** A volume that its provisioner should have deleted by now. */
const isStaying = ({ kind, metadata }: KubeObject): boolean =>
  kind === volumeKind.kind && metadata.deletionTimestamp === undefined;

function volumeLine(volume: KubeObject): Dependent {
  const { phase, message: word } = mapAt(volume, 'status');
  const provisioner =
    volume.metadata.annotations?.['pv.kubernetes.io/provisioned-by'] ??
    textOf(mapAt(volume, 'spec', 'csi')['driver']) ??
    'its storage class';
  const message =
    `${printRef(refOf(volume))} and the data in it are not deleted yet (${String(phase)}${word ? `: ${String(word)}` : ''}): ` +
    `see that the provisioner of ${provisioner} runs, or delete the volume by hand.`;
  return { ref: refOf(volume), health: { state: 'progressing', reason: 'VolumeRemaining', message } };
}

function finalizerLine(object: KubeObject): Dependent[] {
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.length === 0) return [];
  const owners = [...new Set(finalizers.map((name) => name.split('/')[0]))].join(', ');
  const message =
    `${printRef(refOf(object))} is kept by the finalizer ${finalizers.join(', ')}: see that the controller of ${owners} ` +
    'runs, or, if it is gone for good, remove the finalizer by hand.';
  return [{ ref: refOf(object), health: { state: 'progressing', reason: 'FinalizerRemaining', message } }];
}
