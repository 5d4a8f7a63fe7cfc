import type { CallOptions, KubeClient, KubeError } from '@runos/kube-client';
import { immutablePolicy, type KubeObject, mapAt, printRef, refOf } from '@runos/kube-objects';
import { type Outcome, refused } from './outcome.js';

/** How the API server words that a field never changes; each kind has its own. */
const words = /immutable|may not change|cannot (be )?changed?|can ?not be (less|changed)|forbidden: updates to/i;

export const isImmutable = (cause: KubeError): boolean => words.test(cause.message);

/** Does what the policy of the kind says: clears the way (`gone`), or ends with an outcome. */
export async function carryOut(
  client: KubeClient,
  wanted: KubeObject,
  cause: KubeError,
  call: CallOptions,
): Promise<Outcome | 'gone'> {
  const ref = refOf(wanted);
  const policy = immutablePolicy(ref);
  if (policy === 'expand') await expand(client, wanted, call);
  if (policy === 'expand' || policy === 'refuse') return blocked(wanted, cause);
  const live = await client.find(ref, call);
  if (live === undefined) return 'gone';
  const propagation = policy === 'orphan' ? 'Orphan' : 'Background';
  const left = await client.delete(ref, { uid: live.metadata.uid, propagation, ...call });
  return left === 'gone' ? 'gone' : { kind: 'ending' };
}

function blocked(wanted: KubeObject, cause: KubeError): Outcome {
  const fields = cause.fields.map(({ field }) => field).filter(Boolean);
  const what = fields.length > 0 ? fields.join(', ') : 'a field';
  return refused(
    'Blocked',
    `${printRef(refOf(wanted))} would have to be made anew to change ${what}, and its data with it: ` +
      `undo the change, or make a new instance and move the data. ${cause.message}`,
  );
}

/** A claim may grow even when the rest of the change is impossible. */
async function expand(client: KubeClient, wanted: KubeObject, call: CallOptions): Promise<void> {
  const storage = mapAt(wanted, 'spec', 'resources', 'requests')['storage'];
  if (storage === undefined) return;
  try {
    await client.mergePatch(refOf(wanted), { spec: { resources: { requests: { storage } } } }, call);
  } catch {
    // Smaller than it is, or its class cannot grow: the refusal of the whole change is reported with its own words.
  }
}
