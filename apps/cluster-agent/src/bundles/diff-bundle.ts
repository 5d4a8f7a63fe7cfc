import type { Bundle, DIFF_BUNDLE, ReplyOf } from '@runos/agent-protocol';
import type { KubeClient } from '@runos/kube-client';
import {
  changedPaths,
  type FieldPath,
  isCreated,
  type KubeObject,
  membersOf,
  ownedFields,
  printPath,
  refKey,
  refOf,
  entriesToPrune,
  unpackObjects,
  valueAt,
} from '@runos/kube-objects';
import type { Applier } from '../apply/applier.js';
import type { Instance } from '../instances/instance.js';
import { Fault } from '@runos/kernel';
import { refusalOf } from './check-bundle.js';

type Answer = ReplyOf<typeof DIFF_BUNDLE>;
type Line = Answer['objects'][number];

/** What applying a bundle would change, by dry runs on the API server. */
export async function diffBundle(
  client: KubeClient,
  applier: Applier,
  bundle: Bundle,
  instance: Instance | undefined,
): Promise<Answer> {
  const objects = unpackObjects(bundle.objectsGz, bundle.digest);
  const refusal = refusalOf(bundle.osid, objects);
  if (refusal !== undefined) throw new Fault('request.invalid', refusal);
  const rendered = instance?.rendered() ?? new Map<string, KubeObject>();
  const lines = await Promise.all(
    objects.map((wanted) => diffObject(client, applier, wanted, rendered.get(refKey(refOf(wanted))))),
  );
  const left = entriesToPrune(instance?.inventory() ?? [], objects.map(refOf));
  const going = left.map((entry): Line => ({ object: bare(entry), changes: [presence('present', 'absent')] }));
  return { objects: [...lines, ...going].filter(({ changes }) => changes.length > 0) };
}

async function diffObject(
  client: KubeClient,
  applier: Applier,
  wanted: KubeObject,
  before: KubeObject | undefined,
): Promise<Line> {
  const object = bare(refOf(wanted));
  const live = await client.find(refOf(wanted));
  if (live === undefined) return { object, changes: [presence('absent', 'present')] };
  const would = await applier.dryRun(wanted);
  if (would === undefined)
    return { object, changes: [{ path: '', live: 'present', wanted: 'refused by the API server' }] };
  // Fields that we owned and no longer want are in the old set only.
  const paths = new Map<string, FieldPath>();
  for (const fields of [ownedFields(would), ownedFields(live)]) {
    for (const path of fields ? changedPaths(fields, live, would) : []) paths.set(path.join('\n'), path);
  }
  const dropped = isCreated(live) ? droppedPaths(live, before, wanted) : [];
  const shown = (of: KubeObject, path: FieldPath) =>
    isSecret(wanted, path) ? '(hidden)' : (valueAt(of, path) ?? null);
  const change = (path: FieldPath, after: KubeObject) => ({
    path: printPath(path).slice(0, 1_024),
    live: shown(live, path),
    wanted: shown(after, path),
  });
  return {
    object,
    changes: [
      ...[...paths.values()].map((path) => change(path, would)),
      ...dropped.map((path) => change(path, wanted)),
    ],
  };
}

/** Of an object that was created and never applied: what a dry run leaves in it, and an apply takes away. */
function droppedPaths(live: KubeObject, before: KubeObject | undefined, wanted: KubeObject): FieldPath[] {
  const owned = [...membersOf(ownedFields(live) ?? {})];
  return owned.filter((path) => valueAt(before, path) !== undefined && valueAt(wanted, path) === undefined);
}

const presence = (live: string, wanted: string) => ({ path: '', live, wanted });

/** Which key of a Secret changes may be told, its value never. */
const isSecret = ({ kind }: KubeObject, path: FieldPath): boolean => kind === 'Secret' && path[0] === 'f:data';

const bare = ({ apiVersion, kind, namespace, name }: ReturnType<typeof refOf>) => {
  const ref = { apiVersion, kind, name };
  return namespace === undefined ? ref : { ...ref, namespace };
};
