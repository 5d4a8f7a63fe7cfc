// as apps/jobs/src/probe.ts
// must pass
export { Fault } from '@runos/kernel';
export { Bus } from '@runos/messaging';
export { Database } from '@runos/persistence';
export { z } from 'zod';
