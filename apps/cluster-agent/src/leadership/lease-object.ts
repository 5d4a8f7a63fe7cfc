import { type KubeObject, mapAt, numberOf, type ObjectRef, textOf } from '@runos/kube-objects';
import type { CompletedLoad } from './lease-term.js';

/** Annotation of the Lease with the last complete load: `<token>/<resourceVersion>`. */
const loadAnnotation = 'runos.com/loaded';

export interface LeaseContent {
  /** Empty: released. */
  readonly holder: string;
  /** Fencing token, stored as `leaseTransitions`. */
  readonly token: number;
  /** Default: that of the Lease before. */
  readonly load?: CompletedLoad;
  /** The holder stays the same, and so does the time of the acquisition. */
  readonly isRenewal?: boolean;
  readonly now: Date;
  readonly durationMs: number;
}

/** Empty for a Lease that was released, or none. */
export const holderOf = (lease: KubeObject | undefined): string => textOf(mapAt(lease, 'spec')['holderIdentity']) ?? '';

/** 0 for a Lease without transitions, or none. */
export const tokenOf = (lease: KubeObject | undefined): number =>
  numberOf(mapAt(lease, 'spec')['leaseTransitions']) ?? 0;

/** 0 if the holder has written none. */
export const durationMsOf = (lease: KubeObject | undefined): number =>
  (numberOf(mapAt(lease, 'spec')['leaseDurationSeconds']) ?? 0) * 1_000;

export function earlierLoadOf(lease: KubeObject | undefined): CompletedLoad | undefined {
  const [token = '', resourceVersion = ''] = lease?.metadata.annotations?.[loadAnnotation]?.split('/') ?? [];
  return token === '' || resourceVersion === '' ? undefined : { token: Number(token), resourceVersion };
}

/** The Lease as it is written next. */
export function leaseObject(ref: ObjectRef, old: KubeObject | undefined, content: LeaseContent): KubeObject {
  const { holder, token, load, isRenewal, now, durationMs } = content;
  const { apiVersion, kind, namespace, name } = ref;
  const time = now.toISOString().replace('Z', '000Z');
  const loaded: Record<string, string> =
    load === undefined ? {} : { [loadAnnotation]: `${load.token}/${load.resourceVersion}` };
  return {
    apiVersion,
    kind,
    metadata: {
      namespace,
      name,
      resourceVersion: old?.metadata.resourceVersion,
      annotations: { ...old?.metadata.annotations, ...loaded },
    },
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: Math.ceil(durationMs / 1_000),
      acquireTime: (isRenewal ? mapAt(old, 'spec')['acquireTime'] : undefined) ?? time,
      renewTime: time,
      leaseTransitions: token,
    },
  };
}
