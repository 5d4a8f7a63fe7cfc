import type { KubeObject } from '@runos/kube-objects';

/** Something to be done about one object, and why. */
export interface Todo {
  /**
   * apply: the bundle says so; changed: somebody touched it; missing: it seems to be gone; overtaken: somebody touched
   * it just before an apply of ours, which has undone that already.
   */
  readonly why: 'apply' | 'changed' | 'missing' | 'overtaken';
  /** The object as it was seen, with whoever changed it still in its managedFields. */
  readonly seen?: KubeObject;
  /** Held back until then, ms since the epoch. */
  readonly notBefore?: number;
}

/** What is to be done after another event about the same object: newer sights replace older ones. */
export function merged(old: Todo | undefined, fresh: Todo): Todo {
  if (old?.why === 'apply') return old;
  return fresh.why === 'overtaken' && old !== undefined ? old : fresh;
}
