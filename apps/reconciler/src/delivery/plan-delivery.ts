import type { Claim } from '../work/claim-work.js';

/** The wanted revision, as it is loaded for a claim. */
export interface Wanted {
  readonly revision: number;
  readonly deleting: boolean;
}

export type DeliveryPlan =
  | { readonly do: 'nothing'; readonly because: string }
  | { readonly do: 'again'; readonly because: string }
  | { readonly do: 'apply' | 'remove'; readonly because: string };

/** What a claim is to do now. Only the claimed revision may leave: that it may have left is written down. */
export function planDelivery(claim: Claim, wanted: Wanted | undefined): DeliveryPlan {
  if (wanted === undefined) return { do: 'nothing', because: 'the instance is gone' };
  if (wanted.revision !== claim.revision)
    return { do: 'again', because: 'a newer revision was written since the claim' };
  if (claim.delivered >= wanted.revision) return { do: 'nothing', because: 'the agent has stored this revision' };
  return wanted.deleting
    ? { do: 'remove', because: `revision ${wanted.revision} is a tombstone` }
    : { do: 'apply', because: `the agent has stored revision ${claim.delivered} of ${wanted.revision}` };
}
