// as libs/engine/src/probe.spec.ts
// must fail: runos/properties-use-seed
import fc from 'fast-check';

fc.configureGlobal({ seed: 42 });
