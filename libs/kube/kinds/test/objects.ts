import type { KubeObject, ObjectMeta } from '@runos/kube-objects';

/** An object with the given content and defaults for the rest. */
export const objectOf = (
  kind: string,
  content: Readonly<Record<string, unknown>> = {},
  metadata: Partial<ObjectMeta> = {},
  apiVersion = 'v1',
): KubeObject => ({ apiVersion, kind, metadata: { name: 'web', namespace: 'valkey-3f9k2', ...metadata }, ...content });
