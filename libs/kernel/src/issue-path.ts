/** The path of an issue as text: `['values', 0, 'a b']` → `values[0].a b`. */
export const issuePath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (before, part) => (typeof part === 'number' ? `${before}[${part}]` : `${before}${before && '.'}${String(part)}`),
    '',
  );
