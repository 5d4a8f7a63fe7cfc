import type { CallOptions, KubeClient, KubeError } from '@runos/kube-client';
import { immutablePolicy, type KubeObject, mapAt, printRef, refOf } from '@runos/kube-objects';
import { type ApplyOutcome, refused } from './apply-outcome.js';

/** Error messages of the API server about immutable fields. Each kind has its own. */
const immutableMessage =
  /immutable|may not change|cannot (be )?changed?|can ?not be (less|changed)|forbidden: updates to/i;

export const isImmutable = (cause: KubeError): boolean => immutableMessage.test(cause.message);

/** Follows the immutable policy of the kind: deletes the object so that it can be applied again, or gives an outcome. */
export async function resolveImmutableChange(
  client: KubeClient,
  desired: KubeObject,
  cause: KubeError,
  call: CallOptions,
): Promise<ApplyOutcome | 'deleted'> {
  const ref = refOf(desired);
  const policy = immutablePolicy(ref);
  if (policy === 'expand') await expandStorage(client, desired, call);
  if (policy === 'expand' || policy === 'refuse') return blocked(desired, cause);
  const live = await client.find(ref, call);
  if (live === undefined) return 'deleted';
  const propagation = policy === 'orphan' ? 'Orphan' : 'Background';
  const result = await client.delete(ref, { uid: live.metadata.uid, propagation, ...call });
  return result === 'deleted' ? 'deleted' : { kind: 'terminating' };
}

function blocked(desired: KubeObject, cause: KubeError): ApplyOutcome {
  const fields = cause.fields.map(({ field }) => field).filter(Boolean);
  const changed = fields.length > 0 ? fields.join(', ') : 'a field';
  return refused(
    'Blocked',
    `${printRef(refOf(desired))} would have to be recreated to change ${changed}, which deletes its data: ` +
      `undo the change, or create a new instance and move the data. ${cause.message}`,
  );
}

/** A claim may grow even when the rest of the change is impossible. */
async function expandStorage(client: KubeClient, desired: KubeObject, call: CallOptions): Promise<void> {
  const storage = mapAt(desired, 'spec', 'resources', 'requests')['storage'];
  if (storage === undefined) return;
  try {
    await client.mergePatch(refOf(desired), { spec: { resources: { requests: { storage } } } }, call);
  } catch {
    // The size shrinks or its class cannot grow: the refusal of the whole change is reported.
  }
}
