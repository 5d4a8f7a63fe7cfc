import { describe, expect, it } from '@jest/globals';
import { planServiceSync, serviceCreateBody } from './plan-service-sync.js';
import { serviceFromServer } from './service-from-server.js';
import { compareService } from './compare-service.js';

const name = { type: 'postgresql', id: 'p7x2m', cid: 'lab01', aid: 'acme1' };
const shown = {
  ...name,
  name: 'orders',
  version: '17',
  resourceRequirementClassId: 'postgresql.c0.beff',
  replicas: 1,
  cpuRequestMc: 0,
  cpuLimitMc: 1000,
  memoryRequestMb: 0,
  memoryLimitMb: 2048,
  storageMb: 10_240,
  allowedWriters: [{ manager: 'hpa', kind: 'Cluster', fields: ['spec.instances'] }],
};
const server = serviceFromServer(name, shown);
const plan = (over: object, state: object = shown) =>
  planServiceSync({ ...server, ...over }, serviceFromServer(name, { ...shown, ...state }), { ...shown, ...state });

describe('the sync of a service', () => {
  it('sends the fields that differ, and keeps those that the file lacks', () => {
    expect(plan({})).toEqual({ body: {}, changes: [], removals: [], refused: [] });
    expect(plan({ name: undefined, storageMb: 20_480 }).body).toEqual({ storageMb: 20_480 });
    expect(plan({ replicas: 3 }).body).toMatchObject({ replicas: 3, resourceRequirementClassId: 'postgresql.c0.beff' });
  });

  it('sends a class with the numbers that make it custom, and settles', () => {
    const custom = { resourceRequirementClassId: 'custom', replicas: 3, cpuLimitMc: 900 };
    const { body } = plan({ replicas: 3 }, custom);
    expect(body).toEqual({ resourceRequirementClassId: 'postgresql.c0.beff', replicas: 3 });
    const settled = { ...shown, ...custom, cpuLimitMc: 1000 };
    expect(compareService({ ...server, replicas: 3 }, serviceFromServer(name, settled), settled)).toEqual([]);
  });

  it('removes what the file lists as empty, and refuses what is fixed', () => {
    const emptied = plan({ allowedWriters: [] });
    expect([emptied.body, emptied.removals.map(({ field }) => field)]).toEqual([
      { allowedWriters: [] },
      ['allowedWriters'],
    ]);
    const fixed = plan({ version: '18', name: 'other' });
    expect([fixed.body, fixed.refused.map(({ field }) => field)]).toEqual([{ name: 'other' }, ['version']]);
  });

  it('creates from the fields of a creation', () => {
    const { id: _, ...file } = server;
    expect(serviceCreateBody({ ...file, version: '17', autoRollback: null })).toMatchObject({
      version: '17',
      name: 'orders',
    });
    expect(serviceCreateBody(file)).not.toHaveProperty('cid');
  });
});
