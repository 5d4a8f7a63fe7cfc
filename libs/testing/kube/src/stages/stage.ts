/** A kwok Stage: what happens to an object that matches, and when. */
export interface Stage {
  readonly apiVersion: 'kwok.x-k8s.io/v1alpha1';
  readonly kind: 'Stage';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly resourceRef: { readonly apiGroup: string; readonly kind: string };
    readonly selector: { readonly matchExpressions: readonly Match[] };
    readonly delay?: { readonly durationMilliseconds: number };
    readonly next: { readonly statusTemplate?: string; readonly delete?: boolean };
  };
}

/** `key` is a jq expression over the whole object. */
export type Match =
  | { readonly key: string; readonly operator: 'Exists' | 'DoesNotExist' }
  | { readonly key: string; readonly operator: 'In' | 'NotIn'; readonly values: readonly string[] };

export const exists = (key: string): Match => ({ key, operator: 'Exists' });
export const absent = (key: string): Match => ({ key, operator: 'DoesNotExist' });
export const isOneOf = (key: string, ...values: string[]): Match => ({ key, operator: 'In', values });

export interface StageParts {
  readonly on: { readonly apiGroup: string; readonly kind: string };
  readonly when: readonly Match[];
  readonly afterMs?: number;
  readonly status: string;
}

export const stage = (name: string, { on, when, afterMs, status }: StageParts): Stage => ({
  apiVersion: 'kwok.x-k8s.io/v1alpha1',
  kind: 'Stage',
  metadata: { name },
  spec: {
    resourceRef: on,
    selector: { matchExpressions: [absent('.metadata.deletionTimestamp'), ...when] },
    ...(afterMs && { delay: { durationMilliseconds: afterMs } }),
    next: { statusTemplate: status },
  },
});
