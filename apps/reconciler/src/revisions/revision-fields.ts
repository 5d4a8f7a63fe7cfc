import type { OutputOf, reconciler } from '@runos/contracts';
import { canonicalJson } from '@runos/kube-objects';
import type { DesiredSpec } from './desired-spec.js';

type Fields = Readonly<Record<string, unknown>>;
type Changes = OutputOf<typeof reconciler.diffInstanceRevision>['changes'];

/** The fields of a spec by the names that they have in an update. A setting is `advanced.<key>`. */
export function fieldsOf({ sizing, inputs, config, ...spec }: DesiredSpec): Fields {
  const { storage: _, storageMb, ...numbers } = sizing;
  const settings = Object.entries(config?.values ?? {}).map(([key, value]) => [`advanced.${key}`, value] as const);
  return {
    ...inputs,
    version: spec.version,
    rendererVersion: spec.rendererVersion,
    ...numbers,
    ...(storageMb === null ? {} : { storageMb }),
    driftPolicy: spec.driftPolicy,
    allowedWriters: spec.allowedWriters ?? [],
    configSetId: config?.setId ?? null,
    configSetVersion: config?.version ?? null,
    ...Object.fromEntries(settings),
    requires: spec.requires,
    restartedAt: spec.restartedAt,
  };
}

/** The fields that differ, in the order of their names. */
export function changedFields(before: DesiredSpec, after: DesiredSpec): Changes {
  const [a, b] = [fieldsOf(before), fieldsOf(after)];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return names.flatMap((field) => {
    const [old, next] = [a[field] ?? null, b[field] ?? null];
    return canonicalJson(old) === canonicalJson(next) ? [] : [{ field, before: old, after: next }];
  });
}
