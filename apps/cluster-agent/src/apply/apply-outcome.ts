import type { KubeObject } from '@runos/kube-objects';
import type { Problem } from '../instances/object-state.js';

/** Result of applying one object. Outages and conflicts are thrown instead, because a retry helps. */
export type ApplyOutcome =
  /** The live object is as desired. `recreated`: the old object had to be deleted first. */
  | { readonly kind: 'applied'; readonly object: KubeObject; readonly recreated: boolean }
  /** The object is being deleted, by us or by others. The watch reports the end of that. */
  | { readonly kind: 'terminating' }
  /** Its namespace is missing or being deleted. */
  | { readonly kind: 'namespaceMissing' }
  | { readonly kind: 'refused'; readonly problem: Problem };

export const refused = (reason: string, message: string, blocked = true): ApplyOutcome => ({
  kind: 'refused',
  problem: { reason, message, blocked },
});
