import { canonicalJson, type KubeObject, refKey, refOf } from '@runos/kube-objects';
import { kindCatalog } from '@runos/service-types';
import { deliveredWriters } from '../delivery/delivered-writers.js';
import type { UnsealedSecrets } from '../instances/instance-secrets.js';
import type { DesiredSpec } from '../revisions/desired-spec.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { renderObjects } from './render-bundle.js';

/**
 * The objects that `spec` changes only in fields which are left to other field managers: the agent applies nothing of that
 * change. As messages for the log of the job.
 */
export function leftChanges(instance: InstanceRow, spec: DesiredSpec, secrets: UnsealedSecrets): string[] {
  const { allowedWriters: writers = [] } = deliveredWriters({ ...instance, spec });
  if (writers.length === 0) return [];
  const { osid, type } = instance;
  const objectsOf = (each: DesiredSpec) => renderObjects({ osid, type, cluster: instance, spec: each, secrets });
  const before = new Map(objectsOf(instance.spec).map((object) => [refKey(refOf(object)), object]));
  const kinds = kindCatalog(type).withWriters(writers);
  const isSame = (one: KubeObject, other: KubeObject) => canonicalJson(one) === canonicalJson(other);
  return objectsOf(spec).flatMap((object) => {
    const earlier = before.get(refKey(refOf(object)));
    if (earlier === undefined || isSame(earlier, object)) return [];
    if (!isSame(kinds.withoutLeft(earlier), kinds.withoutLeft(object))) return [];
    const { kind, metadata } = object;
    const managers = writers.filter((writer) => writer.kind === kind).map(({ manager }) => manager);
    return `The change of ${kind} ${metadata.name} is only in fields that are left to ${managers.join(', ')}: nothing of it is applied.`;
  });
}
