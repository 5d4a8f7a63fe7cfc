import type { KubeObject, ManagedFields, ObjectMeta } from '../src/kube-object.js';

/** An object with the given content and defaults for the rest. */
export const objectOf = (
  kind: string,
  content: Readonly<Record<string, unknown>> = {},
  metadata: Partial<ObjectMeta> = {},
  apiVersion = 'v1',
): KubeObject => ({ apiVersion, kind, metadata: { name: 'web', namespace: 'valkey-3f9k2', ...metadata }, ...content });

export const entry = (
  manager: string,
  fieldsV1: ManagedFields['fieldsV1'],
  more: Partial<ManagedFields> = {},
): ManagedFields => ({ manager, operation: 'Update', time: '2030-01-01T00:00:00Z', fieldsV1, ...more });

export const ours = (fieldsV1: ManagedFields['fieldsV1']): ManagedFields =>
  entry('runos', fieldsV1, { operation: 'Apply' });
