import type { Bundle, DIFF_BUNDLE, ReplyOf } from '@runos/agent-protocol';
import { Fault } from '@runos/kernel';
import type { KubeClient } from '@runos/kube-client';
import type { KindCatalog } from '@runos/kube-kinds';
import {
  canonicalJson,
  changedPaths,
  differingPaths,
  entriesToPrune,
  fieldChange,
  type FieldPath,
  isCreated,
  isMap,
  type KubeObject,
  membersOf,
  type ObjectRef,
  ownedFields,
  refKey,
  refOf,
  uniqueChanges,
  uniquePaths,
  unpackObjects,
  valueAt,
} from '@runos/kube-objects';
import { dryRun } from '../apply/dry-run.js';
import { withPodSecurity } from '../apply/pod-security.js';
import type { Instance } from '../instances/instance.js';
import { validateBundle } from './bundle-receiver.js';
import { type KindCatalogs, packedKindsOf } from './kind-catalogs.js';
import { movedTo, planNamespaceOf } from './plan-namespace.js';
import { withoutSecrets } from './without-secrets.js';

type Reply = ReplyOf<typeof DIFF_BUNDLE>;
type ObjectDiff = Reply['objects'][number];

interface DiffOptions {
  readonly client: KubeClient;
  readonly catalogs: KindCatalogs;
  /** Of the agent. */
  readonly namespace: string;
}

interface PlanNamespace {
  readonly namespace: string;
  /** Older manifests lack it. */
  readonly exists: boolean;
}

/**
 * The changes that a bundle would make, by dry runs on the API server. The objects of an instance without a namespace are
 * tried in the namespace of plans.
 * @throws Fault `request.invalid` for objects or kinds that `APPLY_BUNDLE` would not accept
 */
export async function diffBundle(
  { client, catalogs, namespace }: DiffOptions,
  bundle: Bundle,
  instance: Instance | undefined,
): Promise<Reply> {
  const rendered = unpackObjects(bundle.objectsGz, bundle.digest);
  const reason = validateBundle(bundle.osid, rendered);
  if (reason !== undefined) throw new Fault('request.invalid', reason);
  const kinds = catalogs.of(packedKindsOf(bundle), bundle.allowedWriters);
  const complete = rendered.map(withPodSecurity);
  const planned = await planOf(client, bundle.osid, planNamespaceOf(namespace));
  const earlier = instance?.desiredObjects() ?? new Map<string, KubeObject>();
  const diffs = await Promise.all(
    complete.map((object) =>
      planned === undefined
        ? diffObject(client, kinds, object, earlier.get(refKey(refOf(object))))
        : diffNew(client, kinds, object, planned),
    ),
  );
  const pruned = entriesToPrune(instance?.inventory() ?? [], complete.map(refOf)).map((entry): ObjectDiff => ({
    object: withoutUid(entry),
    action: 'deleted',
    changes: [objectChange('present', 'absent')],
  }));
  const objects = [...diffs, ...pruned].filter(({ changes }) => changes.length > 0);
  const shown = objects.map(({ message, ...diff }) =>
    message === undefined ? diff : { ...diff, message: withoutSecrets(message, complete) },
  );
  return { objects: shown, ...(planned === undefined ? {} : { planNamespace: planned.namespace }) };
}

/** Where the objects of an instance without a namespace are tried; undefined if it has one. */
async function planOf(client: KubeClient, osid: string, namespace: string): Promise<PlanNamespace | undefined> {
  const exists = async (name: string): Promise<boolean> =>
    (await client.find({ apiVersion: 'v1', kind: 'Namespace', name })) !== undefined;
  return (await exists(osid)) ? undefined : { namespace, exists: await exists(namespace) };
}

/** An object that does not exist yet, tried where it will be or in the namespace of plans. */
async function diffNew(
  client: KubeClient,
  kinds: KindCatalog,
  desired: KubeObject,
  planned?: PlanNamespace,
): Promise<ObjectDiff> {
  const created = { object: withoutUid(refOf(desired)), changes: [objectChange('absent', 'present')] };
  if (planned?.exists === false && desired.metadata.namespace !== undefined) {
    const message = `The namespace ${planned.namespace} is missing. Apply the manifests of this agent's version again.`;
    return { ...created, action: 'created', tried: false, message };
  }
  const tried = planned === undefined ? desired : movedTo(planned.namespace, desired);
  const { immutablePolicy: policy } = kinds.kindOf(desired);
  const outcome = await dryRun(client, tried, { live: undefined, policy });
  if (outcome.kind === 'applied') return { ...created, action: 'created' };
  const { kind, message } = outcome;
  return kind === 'untried'
    ? { ...created, action: 'created', tried: false, message }
    : { ...created, action: 'refused', message };
}

async function diffObject(
  client: KubeClient,
  kinds: KindCatalog,
  complete: KubeObject,
  earlier: KubeObject | undefined,
): Promise<ObjectDiff> {
  const object = withoutUid(refOf(complete));
  const live = await client.find(refOf(complete));
  if (live === undefined) return diffNew(client, kinds, complete);
  const desired = kinds.withoutLeft(complete);
  const outcome = await dryRun(client, desired, { live, policy: kinds.kindOf(desired).immutablePolicy });
  if (outcome.kind === 'applied') {
    return { object, action: 'changed', changes: changesOf(live, outcome.object, earlier, desired) };
  }
  const { kind, message } = outcome;
  const paths = differingPaths(desired, live).filter((path) => !isDefaulted(path, { live, desired, earlier }));
  const changes = paths.map((path) => changeAt(live, desired, path));
  const known = changes.length > 0 ? changes : [objectChange('present', 'unknown')];
  return kind === 'untried'
    ? { object, action: 'changed', tried: false, message, changes: known }
    : { object, action: kind, message, changes: known };
}

/**
 * Whether a desired value differs from the live one only in what the API server has added to it. A value that the bundle
 * changes may lack a part on purpose.
 */
function isDefaulted(
  path: FieldPath,
  { live, desired, earlier }: { live: KubeObject; desired: KubeObject; earlier: KubeObject | undefined },
): boolean {
  const wanted = valueAt(desired, path);
  const isChanged = earlier !== undefined && !isSame(valueAt(earlier, path), wanted);
  return isSame(valueAt(live, path), wanted) || (!isChanged && isPartOf(wanted, valueAt(live, path)));
}

/** Whether a value has everything that a part has. The items of lists are compared in their order. */
function isPartOf(part: unknown, value: unknown): boolean {
  if (isMap(part) && isMap(value)) return Object.entries(part).every(([name, member]) => isPartOf(member, value[name]));
  if (!Array.isArray(part) || !Array.isArray(value)) return isSame(part, value);
  return part.length === value.length && part.every((item, index) => isPartOf(item, value[index]));
}

/** Owned fields that are no longer desired are only in the live set. */
function changesOf(
  live: KubeObject,
  applied: KubeObject,
  earlier: KubeObject | undefined,
  desired: KubeObject,
): ObjectDiff['changes'] {
  const paths = [ownedFields(applied), ownedFields(live)].flatMap((fields) =>
    fields ? changedPaths(fields, live, applied) : [],
  );
  const dropped = isCreated(live) ? droppedPaths(live, earlier, desired) : [];
  const changes = uniquePaths(paths).map((path) => changeAt(live, applied, path));
  // A dry run may have given another value to a field that the real apply removes.
  return uniqueChanges([...changes, ...dropped.map((path) => changeAt(live, desired, path))]);
}

/** Fields of a created object that a dry run keeps, and that the real apply removes. */
function droppedPaths(live: KubeObject, earlier: KubeObject | undefined, desired: KubeObject): FieldPath[] {
  const owned = [...membersOf(ownedFields(live) ?? {})];
  return owned.filter((path) => valueAt(earlier, path) !== undefined && valueAt(desired, path) === undefined);
}

function changeAt(from: KubeObject, to: KubeObject, at: FieldPath): ObjectDiff['changes'][number] {
  const { path, before, after } = fieldChange(from, to, at);
  return { path, live: before, wanted: after };
}

/** The order of keys does not count. */
const isSame = (a: unknown = null, b: unknown = null): boolean => canonicalJson(a) === canonicalJson(b);

const objectChange = (live: string, wanted: string) => ({ path: '', live, wanted });

const withoutUid = ({ apiVersion, kind, namespace, name }: ObjectRef) => {
  const ref = { apiVersion, kind, name };
  return namespace === undefined ? ref : { ...ref, namespace };
};
