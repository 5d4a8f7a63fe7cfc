import { type FieldPattern, type KubeObject, parseFieldPattern, withoutFields } from '@runos/kube-objects';
import { findInstanceType } from '@runos/service-types';

/** An expression of a custom kind that is one field. */
const ownField = /^self\.([\w.]+)$/;

/** The fields that hold the sizes of claims, by the kinds of the custom resources of a type. */
function sizeFields(type: string): ReadonlyMap<string, FieldPattern> {
  const kinds = findInstanceType(type)?.customKinds ?? [];
  return new Map(
    kinds.flatMap(({ apiVersion, kind, claims }) => {
      const field = ownField.exec(claims?.storage ?? '')?.[1];
      const pattern = field === undefined ? undefined : parseFieldPattern(field);
      return pattern === undefined ? [] : [[`${apiVersion} ${kind}`, pattern] as const];
    }),
  );
}

/** The objects without the sizes of their claims: operators grow volumes in place, and no pod ends. */
export function withoutClaimSizes(type: string, objects: readonly KubeObject[]): KubeObject[] {
  const fields = sizeFields(type);
  return objects.map((object) => {
    const field = fields.get(`${object.apiVersion} ${object.kind}`);
    return field === undefined ? object : withoutFields(object, [field]);
  });
}
