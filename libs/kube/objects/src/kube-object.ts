import { Fault, type Issue } from '@runos/kernel';
import { z } from 'zod';

/** FieldsV1 of managedFields: keys `f:name`, `k:{…}`, `v:…`, `i:0`, and `.` for the node itself. */
export interface FieldsV1 {
  readonly [element: string]: FieldsV1;
}

/** An entry of metadata.managedFields. `time` has a resolution of 1 s. */
export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly time?: string;
  readonly apiVersion?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: FieldsV1;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFields[];
}

/** Any Kubernetes object, rendered or read from an API server. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** The minimum that every rendered object must have. */
const RenderedObject = z.looseObject({
  apiVersion: z.string().regex(/^([a-z0-9.-]+\/)?v[a-z0-9]+$/, 'must be a version or group/version'),
  kind: z.string().regex(/^[A-Z][A-Za-z0-9]*$/, 'must be a kind'),
  metadata: z.looseObject({
    name: z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9.:]*[a-z0-9])?$/, 'must be a name')
      .max(253),
    namespace: z.string().max(63).optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});

/**
 * The objects of a bundle.
 * @throws Fault `request.invalid` with the path of every invalid one
 */
export function parseObjects(raw: unknown): KubeObject[] {
  const parsed = z.array(RenderedObject).safeParse(raw);
  if (parsed.success) return parsed.data as KubeObject[];
  const issues: Issue[] = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  throw new Fault('request.invalid', `The bundle contains invalid Kubernetes objects: ${issues[0]?.path}.`, {
    issues,
  });
}

/** True for an object that is neither null nor an array. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for a map without members. */
export const isEmptyMap = (value: unknown): boolean => isMap(value) && Object.keys(value).length === 0;

/** The map at `object.a.b.c`, or an empty one. */
export function mapAt(object: unknown, ...path: readonly string[]): Readonly<Record<string, unknown>> {
  let at = object;
  for (const step of path) at = isMap(at) ? at[step] : undefined;
  return isMap(at) ? at : {};
}

/** The maps in a list. Other items are skipped, and a value that is no list gives none. */
export function mapsIn(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isMap) : [];
}

/** The value if it is a string, else undefined. */
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The value if it is a number, else undefined. */
export const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** Identifies one object. `namespace` is absent for cluster-scoped objects. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** The reference of an object: apiVersion, kind, namespace and name. */
export function refOf(object: KubeObject): ObjectRef {
  const { namespace, name } = object.metadata;
  return { apiVersion: object.apiVersion, kind: object.kind, ...(namespace ? { namespace } : {}), name };
}

/** `propagationPolicy` of a delete request. */
export type Propagation = 'Foreground' | 'Background' | 'Orphan';

/** `apps` of `apps/v1`; empty for the core group. */
export const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';

/** A key that is equal for the same object in all versions of its group. */
export const refKey = (ref: ObjectRef): string =>
  `${groupOf(ref.apiVersion)}/${ref.kind}/${ref.namespace ?? ''}/${ref.name}`;

/** For people: `Deployment web-3f9k2/web`. */
export const printRef = (ref: ObjectRef): string =>
  `${ref.kind} ${ref.namespace === undefined ? '' : `${ref.namespace}/`}${ref.name}`;
