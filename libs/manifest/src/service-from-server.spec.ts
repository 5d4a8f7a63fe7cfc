import { describe, expect, it } from '@jest/globals';
import { compareService } from './compare-service.js';
import { printServiceFile } from './print-manifest.js';
import { readManifest } from './read-manifest.js';
import { serviceFromServer } from './service-from-server.js';

const name = { type: 'postgresql', id: 'p7x2m', cid: 'lab01', aid: 'acme1' };
const shown = {
  id: 'p7x2m',
  osid: 'postgresql-p7x2m',
  name: 'shop-db',
  version: '17',
  resourceRequirementClassId: 'postgresql.c0.small',
  replicas: 1,
  cpuRequestMc: 500,
  cpuLimitMc: 1000,
  memoryRequestMb: 1024,
  memoryLimitMb: 2048,
  storageMb: 20_480,
  driftPolicy: 'repair',
  configSetId: null,
  requires: {},
  status: 'healthy',
  generation: 3,
};
const server = serviceFromServer(name, shown);

describe('the file of a service', () => {
  it('has the fields of a create and an update, and a class without CPU and memory', () => {
    expect(printServiceFile(server)).toBe(`type: postgresql
id: p7x2m
cid: lab01
aid: acme1
driftPolicy: repair
name: shop-db
replicas: 1
resourceRequirementClassId: postgresql.c0.small
storageMb: 20480
version: "17"
`);
    expect(readManifest('f', printServiceFile(server)).file).toEqual(server);
    expect(serviceFromServer(name, { ...shown, resourceRequirementClassId: 'custom' })).toHaveProperty(
      'cpuLimitMc',
      1000,
    );
  });

  it('differs only in fields that it has', () => {
    expect(compareService({ ...name, cpuLimitMc: 1000 }, server, shown)).toEqual([]);
    expect(compareService({ ...server, name: 'db', replicas: 2 }, server, shown)).toEqual([
      { field: 'name', key: 'name', kind: 'changed', before: 'shop-db', after: 'db' },
      { field: 'replicas', key: 'replicas', kind: 'changed', before: 1, after: 2 },
      {
        field: 'class',
        key: 'resourceRequirementClassId',
        kind: 'changed',
        before: 'postgresql.c0.small',
        after: 'custom',
        reason: 'replicas differ from the class',
      },
    ]);
  });
});
