// as libs/engine/src/probe.spec.ts
// must pass
import { propertySeed } from '@runos/testing-basics';
import fc from 'fast-check';

fc.configureGlobal({ seed: propertySeed(), numRuns: 10 });
