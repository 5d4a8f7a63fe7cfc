// as apps/jobs/src/probe.ts
// must fail: runos/declared-imports
export type Probe = import('express').Request;
