import { type ExclusiveFields, type FieldPattern, groupOf, type KubeObject, type ObjectRef } from '@runos/kube-objects';
import type { Health } from './health.js';
import type { PodField } from './pod-fields.js';

/** Desired and ready pods, or database instances. */
export interface Replicas {
  readonly desired: number;
  readonly ready: number;
  /** Those of the ready ones that have an earlier template. Absent: none, or the kind does not count them. */
  readonly outdated?: number;
}

/**
 * The part of a kind in an instance; it decides the order of applying and of deleting.
 * - `namespace`: contains the other objects;
 * - `referenced`: other objects name it, so it is applied before them;
 * - `workload`: has pods or a controller of its own that must clean up while its dependencies exist;
 * - `claim`: holds a volume;
 * - `other`: the rest.
 */
export const kindRoles = ['namespace', 'referenced', 'workload', 'claim', 'other'] as const;
export type KindRole = (typeof kindRoles)[number];

/**
 * What to do when a desired change touches an immutable field.
 * - `recreate`: delete by uid and apply again;
 * - `orphan`: the same, but its dependents are kept and adopted;
 * - `expand`: apply only growth of the storage request;
 * - `refuse`: change nothing and report it.
 */
export const immutablePolicies = ['recreate', 'orphan', 'expand', 'refuse'] as const;
export type ImmutablePolicy = (typeof immutablePolicies)[number];

/** The claims that a controller makes for an object: `<prefix><ordinal>`, each with this much storage. */
export interface ClaimTemplate {
  readonly prefix: string;
  /** Bytes. */
  readonly storage: number;
}

/** What the agent must know of one Kubernetes kind. A kind without an entry gets `unknownKind`. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  /** The plural name in API paths and RBAC rules: `statefulsets`. */
  readonly resource: string;
  readonly role: KindRole;
  readonly immutablePolicy: ImmutablePolicy;
  /** Deleting an object of this kind loses data: recreating one is reported as data loss. */
  readonly holdsData: boolean;
  /** Fields in which additions of others are drift. All other additions stay. */
  readonly exclusive: ExclusiveFields;
  /** Fields that a user leaves to others: set when an object is created, and never again. Absent: none. */
  readonly left?: readonly FieldPattern[];
  /** Health of a live object that has no deletionTimestamp, derived from the object alone. */
  readonly health: (object: KubeObject) => Health;
  /** Absent for kinds without replicas. */
  readonly replicas?: (object: KubeObject) => Replicas;
  /** The number of replicas in the spec of an object; undefined where it is left to others. */
  readonly desiredReplicas?: (object: KubeObject) => number | undefined;
  /** The claims of an object, by its spec. Absent for kinds without claims. */
  readonly claims?: (object: KubeObject) => readonly ClaimTemplate[];
  /** What its pods must have before the object counts as ready. Absent: its status alone decides. */
  readonly podFields?: readonly PodField[];
  /** Annotations by which its operator accepts less storage than before. They are set for one write only. */
  readonly shrinkAnnotations?: Readonly<Record<string, string>>;
}

/** Identifies a kind in all versions of its group: `apps/StatefulSet`, `/Secret`. */
export const kindKey = ({ apiVersion, kind }: Pick<ObjectRef, 'apiVersion' | 'kind'>): string =>
  `${groupOf(apiVersion)}/${kind}`;

/** Groups of projects of Kubernetes whose kinds are defined by CRDs. */
const definedGroups: readonly string[] = ['gateway.networking.k8s.io', 'snapshot.storage.k8s.io'];

/** Built-in groups have no dot or end in `.k8s.io`. All others belong to an operator, or are defined by CRDs. */
export function isCustomGroup(apiVersion: string): boolean {
  const group = groupOf(apiVersion);
  return definedGroups.includes(group) || (group.includes('.') && !group.endsWith('.k8s.io'));
}
