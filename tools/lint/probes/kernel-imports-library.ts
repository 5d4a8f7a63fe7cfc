// as libs/kernel/src/probe.ts
// must fail: @nx/enforce-module-boundaries
export { z } from 'zod';
