// as libs/kernel/src/probe.ts
// must fail: jsdoc/require-throws
/** Throws. */
export function probe(): never {
  throw new Error('probe');
}
