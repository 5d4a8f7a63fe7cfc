import { type KubeObject, parseQuantity } from '@runos/kube-objects';

/** A value that the controller of a custom resource gives to the pods of an object. */
export interface PodField {
  readonly name: string;
  /** What a live object desires; empty if any value fits. */
  readonly desired: (object: KubeObject) => string;
  /** What a live pod has; empty if that cannot be read. */
  readonly actual: (pod: KubeObject) => string;
}

/** Values of pod fields by the names of the fields. */
export type PodValues = Readonly<Record<string, string>>;

/** The names of the fields that a pod does not have as desired yet. Quantities may have another form. */
export const outdatedFields = (desired: PodValues, actual: PodValues): string[] =>
  Object.entries(desired).flatMap(([name, value]) =>
    value === '' || isEqual(value, actual[name] ?? '') ? [] : [name],
  );

function isEqual(a: string, b: string): boolean {
  if (a === b) return true;
  const quantity = parseQuantity(a);
  return quantity !== undefined && quantity === parseQuantity(b);
}

/** The values of all fields. */
export const podValues = (fields: readonly PodField[], of: 'desired' | 'actual', object: KubeObject): PodValues =>
  Object.fromEntries(fields.map((field) => [field.name, field[of](object)]));
