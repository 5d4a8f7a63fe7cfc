// as libs/kernel/src/probe.ts
// must fail: jsdoc/require-jsdoc
/** A class. */
export class Probe {
  probe(): number {
    return 1;
  }
}
