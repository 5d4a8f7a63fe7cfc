import { secretKind } from '@runos/kube-kinds';
import { type KubeObject, type OverriddenField, overriddenFields, printRef, refOf } from '@runos/kube-objects';
import type { Problem } from '../instances/instance-facts.js';

/** A message names at most this many fields, and this many characters of a value. */
const maxFields = 5;
const maxValueLength = 64;

/** The response to our apply differs from what was sent: why the object is not in its desired state. */
export function overriddenProblem(desired: KubeObject, response: KubeObject): Problem | undefined {
  const fields = overriddenFields(desired, response);
  if (fields.length === 0) return undefined;
  const { namespace: _, ...named } = refOf(desired); // the namespace is that of the instance
  const name = printRef(named);
  const isSecret = desired.kind === secretKind.kind;
  const described = fields
    .slice(0, maxFields)
    .map((field) => `${field.path} of ${name}${isSecret ? '' : `: ${describeValues(field)}`}`);
  const more = fields.length > maxFields ? [`${fields.length - maxFields} more fields`] : [];
  const remedy =
    'Exempt the namespace from the mutating admission policy or webhook that changes it, or request that value.';
  const separator = isSecret ? ': ' : '. ';
  return {
    reason: 'Overridden',
    message: `The cluster changes ${[...described, ...more].join('; ')}${separator}${remedy}`,
    blocked: false,
    overridden: true,
  };
}

function describeValues({ desired, actual }: OverriddenField): string {
  return `${printValue(desired)} was sent, ${actual === undefined ? 'nothing' : printValue(actual)} is stored`;
}

function printValue(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.length > maxValueLength ? `${text.slice(0, maxValueLength)}…` : text;
}
