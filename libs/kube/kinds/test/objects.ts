import type { KubeObject, ObjectMeta } from '@runos/kube-objects';

/** An object with the given content and defaults for the rest. */
export const objectOf = (
  kind: string,
  content: Readonly<Record<string, unknown>> = {},
  metadata: Partial<ObjectMeta> = {},
  apiVersion = 'v1',
): KubeObject => ({ apiVersion, kind, metadata: { name: 'web', namespace: 'valkey-3f9k2', ...metadata }, ...content });

/** A pod with this status. */
export const pod = (status: object): KubeObject => objectOf('Pod', { status });

/** A condition of a status. */
export const condition = (type: string, status: string, more: object = {}) => ({
  type,
  status,
  reason: 'R',
  message: 'm',
  ...more,
});

/** The status of a pod whose container waits for this reason. */
export const waiting = (reason: string, more: object = {}, message = 'back-off 10s') => ({
  phase: 'Pending',
  containerStatuses: [{ image: 'docker.io/valkey:9', state: { waiting: { reason, message } }, ...more }],
});
