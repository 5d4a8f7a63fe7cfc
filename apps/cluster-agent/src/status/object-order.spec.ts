import { expect, it } from '@jest/globals';
import { worstFirst } from './object-order.js';
import type { ObjectStatus } from './plane-client.js';

const object = (kind: string, state: string, reason: string): ObjectStatus => ({
  apiVersion: 'v1',
  kind,
  name: 'one',
  state,
  reason,
});

it('objects are in the order of their severity, and what explains little is after what may explain it', () => {
  const ordered = worstFirst([
    object('Deployment', 'failed', 'ProgressDeadlineExceeded'),
    object('Waiting', 'applied', 'Unschedulable'),
    object('Service', 'ready', ''),
    object('Pod', 'failed', 'CrashLoopBackOff'),
    object('Claim', 'degraded', 'ClaimTerminating'),
    object('Cluster', 'failed', 'DiskFull'),
  ]);
  expect(ordered.map(({ kind }) => kind)).toEqual(['Cluster', 'Pod', 'Claim', 'Waiting', 'Deployment', 'Service']);
});
