import type { ChangePlan } from '@runos/api';
import { canonicalJson } from '@runos/kube-objects';
import { AppSource } from '@runos/service-types';

type Changes = ChangePlan['changes'];

/** The fields that describe where the sources of an app are, as far as they differ. No revision has them. */
export const sourceChanges = (before: AppSource, after: AppSource): Changes =>
  Object.keys(AppSource.shape).flatMap((name) => {
    const field = name as keyof AppSource;
    const [old, next] = [before[field] ?? null, after[field] ?? null];
    return canonicalJson(old) === canonicalJson(next) ? [] : [{ field, before: old, after: next }];
  });

/** The changes in the order of their fields. */
export const inOrder = (changes: Changes): Changes => changes.toSorted((a, b) => (a.field < b.field ? -1 : 1));
