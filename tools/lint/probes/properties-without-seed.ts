// as libs/engine/src/probe.spec.ts
// must fail: runos/properties-use-seed
import fc from 'fast-check';

fc.assert(fc.property(fc.integer(), (number) => Number.isInteger(number)));
