import { refKey } from '@runos/kube-objects';
import type { Instance } from '../instances/instance.js';
import type { RefusedPrune } from '../instances/prune-log.js';

/** Objects that are not in the bundle, and that the API server has refused to delete. */
export const refusedPrunes = ({ pruneLog, objects }: Instance): RefusedPrune[] =>
  pruneLog.refused.filter(({ entry }) => !objects.has(refKey(entry)));

/** True until the deletion of every object that is not in the bundle was requested. */
export const isPrunePending = ({ record, objects, pruneLog }: Instance): boolean =>
  record.inventory.some((entry) => !objects.has(refKey(entry)) && !pruneLog.isAttempted(entry));
