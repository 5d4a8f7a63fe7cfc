// as libs/kernel/src/probe.ts
// must fail: jsdoc/require-jsdoc
export const probe = (): number => 1;
