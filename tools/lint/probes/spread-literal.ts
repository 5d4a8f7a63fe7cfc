// as libs/kernel/src/probe.ts
// must fail: no-restricted-syntax
export const probe = [...['a', 'b']].map((name) => ({ ...{ name } }));
