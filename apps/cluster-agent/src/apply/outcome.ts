import type { KubeObject } from '@runos/kube-objects';
import type { Problem } from '../instances/object-state.js';

/** What came of wanting an object to be so. Outages and conflicts are thrown instead: trying again helps. */
export type Outcome =
  /** It is so. `recreated`: the old one had to go first. */
  | { readonly kind: 'live'; readonly object: KubeObject; readonly recreated: boolean }
  /** It is on its way out, because we or others deleted it: its end will be seen. */
  | { readonly kind: 'ending' }
  /** Its namespace is on its way out, or gone. */
  | { readonly kind: 'homeless' }
  | { readonly kind: 'refused'; readonly problem: Problem };

export const refused = (reason: string, message: string, blocked = true): Outcome => ({
  kind: 'refused',
  problem: { reason, message, blocked },
});
