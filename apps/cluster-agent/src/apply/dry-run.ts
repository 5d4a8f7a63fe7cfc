import { isInvalid, type KubeClient, KubeError } from '@runos/kube-client';
import { type ImmutablePolicy, sentence } from '@runos/kube-kinds';
import { type KubeObject, printRef, refOf } from '@runos/kube-objects';
import { replacementOf } from './managed-fields.js';
import { blocked, classifyError, isImmutable, isStale } from './object-applier.js';

/** What an apply would do to one object. Outages are thrown instead. */
export type DryRun =
  /** As the apply would leave it. */
  | { readonly kind: 'applied'; readonly object: KubeObject }
  /** It would be deleted and created again, for the reason in `message`. */
  | { readonly kind: 'replaced'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string }
  /** It cannot be tried: its kind is not served, its namespace is missing, or it is written during every attempt. */
  | { readonly kind: 'untried'; readonly message: string };

interface Target {
  /** Undefined: there is none yet. */
  readonly live: KubeObject | undefined;
  readonly policy: ImmutablePolicy;
}

/** Each controller of an object may write it during an attempt. */
const maxAttempts = 5;

/** Tries an apply as `ObjectApplier` makes it, and writes nothing. It is tried again when the live object has changed. */
export async function dryRun(client: KubeClient, desired: KubeObject, { live, policy }: Target): Promise<DryRun> {
  let known = live;
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    try {
      return await dryRunOf(client, desired, { live: known, policy });
    } catch (thrown) {
      if (!isStale(thrown)) throw thrown;
    }
    known = await client.find(refOf(desired));
  }
  const message = `${printRef(refOf(desired))} was written during each of ${maxAttempts} attempts to try the change.`;
  return { kind: 'untried', message };
}

/** @throws KubeError if the live object was written or deleted since it was read */
async function dryRunOf(client: KubeClient, desired: KubeObject, { live, policy }: Target): Promise<DryRun> {
  try {
    return { kind: 'applied', object: await client.apply(desired, { dryRun: true }) };
  } catch (thrown) {
    if (live === undefined || !isInvalid(thrown)) return refusalOf(desired, thrown);
    if (isImmutable(thrown)) return recreation(desired, thrown, policy);
  }
  try {
    const replaced = await client.replace(replacementOf(live, desired), { dryRun: true });
    return { kind: 'applied', object: replaced };
  } catch (thrown) {
    if (isStale(thrown)) throw thrown;
    return isInvalid(thrown) && isImmutable(thrown) ? recreation(desired, thrown, policy) : refusalOf(desired, thrown);
  }
}

function refusalOf(desired: KubeObject, thrown: unknown): DryRun {
  if (!(thrown instanceof KubeError)) throw thrown;
  const outcome = classifyError(desired, thrown);
  if (outcome.kind === 'namespaceMissing') return { kind: 'untried', message: thrown.message };
  if (outcome.kind !== 'refused') throw thrown;
  const { reason, message } = outcome.problem;
  return { kind: reason === 'NoKind' ? 'untried' : 'refused', message };
}

/** A field is immutable. Kinds with data are not deleted for that. */
function recreation(desired: KubeObject, cause: KubeError, policy: ImmutablePolicy): DryRun {
  if (policy === 'refuse' || policy === 'expand') {
    const { message } = blocked(desired, cause).problem;
    return { kind: 'refused', message };
  }
  const kept = policy === 'orphan' ? ' Its pods and volumes stay.' : '';
  const name = printRef(refOf(desired));
  return {
    kind: 'replaced',
    message: `${name} is deleted and created again, because Kubernetes cannot change it in place.${kept} ${sentence(cause.message)}`,
  };
}
