/** Suffixes of Kubernetes quantities with their factors: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity */
const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const quantity = /^([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)(?:[eE]([+-]?\d+)|([numkMGTPE]i?|Ki))?$/;

/** The number of a quantity, in its base unit: bytes, cores. Undefined for any other text. */
export function parseQuantity(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  const [, number, exponent = '0', suffix = ''] = (typeof value === 'string' && quantity.exec(value)) || [];
  const factor = factors[suffix];
  return number === undefined || factor === undefined ? undefined : Number(number) * 10 ** Number(exponent) * factor;
}

/** True for two forms of one quantity, such as `1Gi` and `1024Mi`. */
export function isSameQuantity(a: unknown, b: unknown): boolean {
  const [first, second] = [parseQuantity(a), parseQuantity(b)];
  return first !== undefined && second !== undefined && Math.abs(first - second) <= Math.abs(first) * 1e-12;
}
