import { isMap, type KubeObject, mapAt } from '../kube-object.js';
import { isSameQuantity } from '../quantity.js';

/** A field whose stored value differs from the one that was sent. */
export interface OverriddenField {
  /** Readable form: `spec.template.spec.containers[name=web].image`. */
  readonly path: string;
  readonly desired: unknown;
  /** Undefined if the field is not stored. */
  readonly actual: unknown;
}

/**
 * The fields of `desired` that the response to its apply does not contain as they were sent: admission changed them.
 * Added fields and list items are no difference. Values that Kubernetes prints in another form are equal.
 */
export function overriddenFields(desired: KubeObject, response: KubeObject): OverriddenField[] {
  const { apiVersion: _, kind: __, metadata: ___, status: ____, ...content } = desired;
  const metadata = (object: KubeObject) => ({
    labels: mapAt(object, 'metadata', 'labels'),
    annotations: mapAt(object, 'metadata', 'annotations'),
  });
  return [...differences(metadata(desired), metadata(response), 'metadata'), ...differences(content, response, '')];
}

/** Empty values are not stored by most kinds. */
function isEmpty(value: unknown): boolean {
  if (isMap(value)) return Object.values(value).every(isEmpty);
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === null || value === '' || value === false || value === 0;
}

function* differences(desired: unknown, actual: unknown, path: string): Generator<OverriddenField> {
  if (isEmpty(desired) && isEmpty(actual)) return;
  if (isMap(desired) && isMap(actual)) {
    for (const [name, value] of Object.entries(desired))
      yield* differences(value, actual[name], memberPath(path, name));
  } else if (Array.isArray(desired) && Array.isArray(actual)) {
    yield* listDifferences(desired, actual, path);
  } else if (isMap(desired) || Array.isArray(desired) || !isSameScalar(desired, actual)) {
    yield { path, desired, actual };
  }
}

function* listDifferences(desired: readonly unknown[], actual: readonly unknown[], path: string) {
  if (!desired.some(isMap)) {
    if (!isSubsequence(desired, actual)) yield { path, desired, actual };
    return;
  }
  for (const [index, item] of desired.entries()) {
    if (actual.some((other) => isContained(item, other))) continue;
    const [key, other] = sameItem(item, actual);
    const at = key === undefined ? `${path}[${index}]` : `${path}[${key}]`;
    yield* differences(item, key === undefined ? actual[index] : other, at);
  }
}

const isContained = (desired: unknown, actual: unknown): boolean =>
  differences(desired, actual, '').next().done === true;

/** Fields that identify an item of a list, the most specific first. */
const identifying = ['name', 'key', 'mountPath', 'containerPort', 'port', 'ip', 'topologyKey'];

/** The item with the same identity, and that identity in readable form. */
function sameItem(item: unknown, others: readonly unknown[]): [key: string | undefined, other: unknown] {
  for (const field of identifying) {
    const value = mapAt(item)[field] ?? mapAt(item, 'metadata')[field];
    if (typeof value !== 'string' && typeof value !== 'number') continue;
    const other = others.find((one) => (mapAt(one)[field] ?? mapAt(one, 'metadata')[field]) === value);
    return [`${field}=${value}`, other];
  }
  return [undefined, undefined];
}

/** Others may have added items to a list, in any place. */
function isSubsequence(items: readonly unknown[], all: readonly unknown[]): boolean {
  let found = 0;
  for (const other of all) if (found < items.length && isSameScalar(items[found], other)) found += 1;
  return found === items.length;
}

const isSameScalar = (a: unknown, b: unknown): boolean =>
  JSON.stringify(a) === JSON.stringify(b) || isSameQuantity(a, b);

const memberPath = (path: string, name: string): string =>
  /^[\w-]+$/.test(name) ? (path === '' ? name : `${path}.${name}`) : `${path}[${JSON.stringify(name)}]`;
