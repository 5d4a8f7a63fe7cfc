import type { CallContext } from '@runos/messaging';

/** In which account something is done, and by whom, as people know them. */
export interface By {
  readonly tenant: string;
  readonly who: string;
}

export const byOf = ({ tenant, actor }: CallContext<'tenant'>): By => ({ tenant, who: actor.name });
