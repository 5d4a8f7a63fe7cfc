import { failAnnotation } from '@runos/catalog-model';

/** A kwok Stage: the next status of a matching object, and its delay. */
export interface Stage {
  readonly apiVersion: 'kwok.x-k8s.io/v1alpha1';
  readonly kind: 'Stage';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly resourceRef: { readonly apiGroup: string; readonly kind: string };
    readonly selector: { readonly matchExpressions: readonly Match[] };
    readonly delay?: { readonly durationMilliseconds: number; readonly jitterDurationMilliseconds?: number };
    readonly next: { readonly statusTemplate?: string; readonly delete?: boolean };
  };
}

/** `key` is a jq expression over the whole object. */
export type Match =
  | { readonly key: string; readonly operator: 'Exists' | 'DoesNotExist' }
  | { readonly key: string; readonly operator: 'In' | 'NotIn'; readonly values: readonly string[] };

/** Matches objects that have a value at the path `key`. */
export const exists = (key: string): Match => ({ key, operator: 'Exists' });

/** Matches objects that have no value at the path `key`. */
export const absent = (key: string): Match => ({ key, operator: 'DoesNotExist' });

interface StageParts {
  readonly on: { readonly apiGroup: string; readonly kind: string };
  readonly when: readonly Match[];
  readonly status: string;
}

/** A stage of kwok: objects that match `when` get `status`. Terminating objects do not match. */
export const stage = (name: string, { on, when, status }: StageParts): Stage => ({
  apiVersion: 'kwok.x-k8s.io/v1alpha1',
  kind: 'Stage',
  metadata: { name },
  spec: {
    resourceRef: on,
    selector: { matchExpressions: [absent('.metadata.deletionTimestamp'), ...when] },
    next: { statusTemplate: status },
  },
});

/**
 * A reason for which an object does not get ready. `when` is a jq expression over the object: it yields a value when the
 * fault applies, nothing otherwise. No container runs in these pods, so faults derive from the object.
 */
export interface Fault {
  readonly name: string;
  readonly when: string;
}

/** A jq expression that is true if the object's fail annotation has one of these values. */
export const hasFailAnnotation = (...faults: string[]): string =>
  `(.metadata.annotations["${failAnnotation}"] // "" | select(${faults.map((fault) => `. == "${fault}"`).join(' or ')}))`;

/** No registry has this tag, so an image with it cannot be pulled. */
export const missingTag = 'does-not-exist';
