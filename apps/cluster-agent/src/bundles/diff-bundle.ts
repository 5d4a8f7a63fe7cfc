import type { Bundle, DIFF_BUNDLE, ReplyOf } from '@runos/agent-protocol';
import { Fault } from '@runos/kernel';
import type { KubeClient } from '@runos/kube-client';
import {
  changedPaths,
  entriesToPrune,
  type FieldPath,
  isCreated,
  type KubeObject,
  membersOf,
  type ObjectRef,
  ownedFields,
  printPath,
  refKey,
  refOf,
  unpackObjects,
  valueAt,
} from '@runos/kube-objects';
import type { ObjectApplier } from '../apply/object-applier.js';
import { withPodSecurity } from '../apply/pod-security.js';
import type { Instance } from '../instances/instance.js';
import { validateBundle } from './bundle-receiver.js';
import { type KindCatalogs, packedKindsOf } from './kind-catalogs.js';

type Reply = ReplyOf<typeof DIFF_BUNDLE>;
type ObjectDiff = Reply['objects'][number];

interface DiffOptions {
  readonly client: KubeClient;
  readonly applier: ObjectApplier;
  readonly catalogs: KindCatalogs;
}

/**
 * The changes that a bundle would make, by dry runs on the API server.
 * @throws Fault `request.invalid` for objects or kinds that `APPLY_BUNDLE` would not accept
 */
export async function diffBundle(
  { client, applier, catalogs }: DiffOptions,
  bundle: Bundle,
  instance: Instance | undefined,
): Promise<Reply> {
  const rendered = unpackObjects(bundle.objectsGz, bundle.digest);
  const reason = validateBundle(bundle.osid, rendered);
  if (reason !== undefined) throw new Fault('request.invalid', reason);
  const kinds = catalogs.of(packedKindsOf(bundle), bundle.allowedWriters);
  const objects = rendered.map(withPodSecurity).map((object) => kinds.withoutLeft(object));
  const earlier = instance?.desiredObjects() ?? new Map<string, KubeObject>();
  const diffs = await Promise.all(
    objects.map((desired) => diffObject(client, applier, desired, earlier.get(refKey(refOf(desired))))),
  );
  const pruned = entriesToPrune(instance?.inventory() ?? [], objects.map(refOf)).map((entry): ObjectDiff => ({
    object: withoutUid(entry),
    changes: [objectChange('present', 'absent')],
  }));
  return { objects: [...diffs, ...pruned].filter(({ changes }) => changes.length > 0) };
}

async function diffObject(
  client: KubeClient,
  applier: ObjectApplier,
  desired: KubeObject,
  earlier: KubeObject | undefined,
): Promise<ObjectDiff> {
  const object = withoutUid(refOf(desired));
  const live = await client.find(refOf(desired));
  if (live === undefined) return { object, changes: [objectChange('absent', 'present')] };
  const applied = await applier.dryRunApply(desired);
  if (applied === undefined) return { object, changes: [objectChange('present', 'refused by the API server')] };
  // Owned fields that are no longer desired are only in the live set.
  const paths = new Map<string, FieldPath>();
  for (const fields of [ownedFields(applied), ownedFields(live)]) {
    for (const path of fields ? changedPaths(fields, live, applied) : []) paths.set(path.join('\n'), path);
  }
  const dropped = isCreated(live) ? droppedPaths(live, earlier, desired) : [];
  const printed = (source: KubeObject, path: FieldPath) =>
    isSecretValue(desired, path) ? '(hidden)' : (valueAt(source, path) ?? null);
  const change = (path: FieldPath, after: KubeObject) => ({
    path: printPath(path).slice(0, 1_024),
    live: printed(live, path),
    wanted: printed(after, path),
  });
  const changes = [...paths.values()].map((path) => change(path, applied));
  return { object, changes: [...changes, ...dropped.map((path) => change(path, desired))] };
}

/** Fields of a created object that a dry run keeps, and that the real apply removes. */
function droppedPaths(live: KubeObject, earlier: KubeObject | undefined, desired: KubeObject): FieldPath[] {
  const owned = [...membersOf(ownedFields(live) ?? {})];
  return owned.filter((path) => valueAt(earlier, path) !== undefined && valueAt(desired, path) === undefined);
}

const objectChange = (live: string, wanted: string) => ({ path: '', live, wanted });

/** The keys of a Secret may be shown, its values never. */
const isSecretValue = ({ kind }: KubeObject, path: FieldPath): boolean => kind === 'Secret' && path[0] === 'f:data';

const withoutUid = ({ apiVersion, kind, namespace, name }: ObjectRef) => {
  const ref = { apiVersion, kind, name };
  return namespace === undefined ? ref : { ...ref, namespace };
};
