import { invalidInput } from '@runos/kernel';
import { canonicalJson, type FieldWriter } from '@runos/kube-objects';
import { kindNames, type InstanceType } from '@runos/catalog-model';
import { instanceTypes } from '@runos/service-types';

type Writers = readonly FieldWriter[];

const kindsOf = (types: readonly InstanceType[]): ReadonlySet<string> => new Set(types.flatMap(kindNames));

/** The writers of a cluster that apply to instances of this type: those of kinds that it has. */
export function writersForType(name: string, writers: Writers): Writers {
  if (writers.length === 0) return writers;
  const kinds = kindsOf(instanceTypes().filter(({ type }) => type === name));
  return writers.filter(({ kind }) => kinds.has(kind));
}

/** The types for whose instances the two lists differ. */
export const affectedTypes = (before: Writers, after: Writers): string[] =>
  instanceTypes()
    .map(({ type }) => type)
    .filter((type) => !isSameList(writersForType(type, before), writersForType(type, after)));

export const isSameList = (a: Writers, b: Writers): boolean => canonicalJson(a) === canonicalJson(b);

/** @throws Fault `request.invalid` for kinds that no type has */
export function refuseUnknownKinds(writers: Writers): void {
  const kinds = kindsOf(instanceTypes());
  const issues = writers.flatMap(({ kind }, index) =>
    kinds.has(kind)
      ? []
      : [{ path: `allowedWriters[${index}].kind`, message: `no type has ${kind}; known are ${[...kinds].join(', ')}` }],
  );
  if (issues.length > 0) throw invalidInput('request.invalid', issues);
}
