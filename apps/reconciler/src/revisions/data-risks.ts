import type { ClaimTemplate, KindCatalog } from '@runos/kube-kinds';
import { canonicalJson, isMap, type KubeObject, refKey, refOf } from '@runos/kube-objects';
import type { ServiceSpec } from './desired-spec.js';

/** Why what `current` has written may be unreadable for `earlier`; none for a service that stores nothing. */
export function formatRisks(current: ServiceSpec, earlier: ServiceSpec): string[] {
  const { storageMb } = current.sizing;
  if (storageMb === null) return [];
  const before = earlier.sizing.storageMb;
  return [
    ...(current.version === earlier.version
      ? []
      : [`version ${current.version} may have written files that version ${earlier.version} cannot read`]),
    ...(current.rendererVersion === earlier.rendererVersion
      ? []
      : [
          `it was upgraded from renderer ${earlier.rendererVersion} to ${current.rendererVersion}, whose images may have changed its files`,
        ]),
    ...(storageMb === before
      ? []
      : [`its storage changed from ${before} to ${storageMb} MiB, and volumes never shrink`]),
  ];
}

/** Why data of a service may be lost or unreadable when `after` is applied to what `before` has made, by object. */
export function storedDataRisks(
  before: readonly KubeObject[],
  after: readonly KubeObject[],
  kinds: KindCatalog,
): string[] {
  const next = new Map(after.map((object) => [refKey(refOf(object)), object]));
  return before.flatMap((object) => {
    const claims = kinds.claimsOf(object);
    if (claims.length === 0) return [];
    const name = `${object.kind} ${object.metadata.name}`;
    const changed = next.get(refKey(refOf(object)));
    return changed === undefined ? [`${name} would be deleted`] : objectRisks(name, object, changed, claims, kinds);
  });
}

function objectRisks(
  name: string,
  object: KubeObject,
  changed: KubeObject,
  claims: readonly ClaimTemplate[],
  kinds: KindCatalog,
): string[] {
  const [replicas = 0, kept = 0] = [kinds.desiredReplicasOf(object), kinds.desiredReplicasOf(changed)];
  const [images, earlier] = [imagesIn(object), imagesIn(changed)];
  return [
    ...(kept < replicas
      ? [`${name} would get ${kept} instead of ${replicas} replicas, and data may be on the others only`]
      : []),
    ...(canonicalJson(images) === canonicalJson(earlier)
      ? []
      : [
          `${name} would get images ${earlier.join(', ')} instead of ${images.join(', ')}, which may have changed its files`,
        ]),
    ...(canonicalJson(claims) === canonicalJson(kinds.claimsOf(changed)) ? [] : [`the claims of ${name} would change`]),
  ];
}

/** Where objects name an image: pods in a container or a volume, and custom resources of operators. */
const imageFields: ReadonlySet<string> = new Set(['image', 'imageName', 'reference']);

/** Each image that an object names, once, in order. */
function imagesIn(object: KubeObject): string[] {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (isMap(value)) {
      for (const [field, member] of Object.entries(value)) {
        if (typeof member === 'string' && imageFields.has(field)) found.add(member);
        else visit(member);
      }
    }
  };
  visit(object['spec']);
  return [...found].sort();
}
