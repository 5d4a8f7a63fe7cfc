/** The value at a path of keys (`valueAt(cluster, 'spec', 'instances')`), undefined when there is none. */
export const valueAt = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);
