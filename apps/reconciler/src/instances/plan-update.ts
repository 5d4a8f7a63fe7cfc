import { sameSpec, type Spec } from '../revisions/spec.js';

export interface Present {
  readonly name: string;
  readonly spec: Spec;
}

/** What a change amounts to: nothing, another name (which nothing in the cluster carries), or other objects. */
export type UpdatePlan = 'nothing' | 'rename' | 'apply';

export function planUpdate(present: Present, wish: { readonly name?: string; readonly spec: Spec }): UpdatePlan {
  if (!sameSpec(present.spec, wish.spec)) return 'apply';
  return wish.name === undefined || wish.name === present.name ? 'nothing' : 'rename';
}
