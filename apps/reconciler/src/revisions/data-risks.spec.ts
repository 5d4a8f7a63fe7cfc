import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '@runos/kube-objects';
import { kindCatalog } from '@runos/service-types';
import type { ServiceSpec } from './desired-spec.js';
import { formatRisks, storedDataRisks } from './data-risks.js';

const specOf = (fields: Partial<ServiceSpec> = {}, storageMb: number | null = 1024): ServiceSpec => ({
  kind: 'service',
  version: '17',
  rendererVersion: 1,
  sizing: {
    resourceRequirementClassId: 'postgresql.c0.beff',
    replicas: 1,
    cpuRequestMc: 0,
    cpuLimitMc: 500,
    memoryRequestMb: 0,
    memoryLimitMb: 512,
    storageMb,
    storage: storageMb === null ? 'none' : 'local',
  },
  requires: {},
  driftPolicy: 'repair',
  inputs: {},
  config: null,
  imageRegistry: null,
  restartedAt: null,
  ...fields,
});

describe('stored formats', () => {
  it('risk nothing without a change of them, or without data', () => {
    expect(formatRisks(specOf({ driftPolicy: 'report' }), specOf())).toEqual([]);
    expect(formatRisks(specOf({ version: '18', rendererVersion: 2 }, null), specOf({}, null))).toEqual([]);
  });

  it('risk data across a version, a renderer, and storage that grew', () => {
    expect(formatRisks(specOf({ version: '18', rendererVersion: 2 }, 2048), specOf())).toEqual([
      'version 18 may have written files that version 17 cannot read',
      'it was upgraded from renderer 1 to 2, whose images may have changed its files',
      'its storage changed from 1024 to 2048 MiB, and volumes never shrink',
    ]);
  });
});

describe('stored data', () => {
  const kinds = kindCatalog('postgresql');
  const cluster = (fields: Record<string, unknown> = {}): KubeObject => ({
    apiVersion: 'postgresql.cnpg.io/v1',
    kind: 'Cluster',
    metadata: { name: 'orders', namespace: 'orders' },
    spec: { instances: 3, imageName: 'ghcr.io/cnpg/postgresql:17', storage: { size: '1Gi' }, ...fields },
  });
  const config = (value: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'orders', namespace: 'orders' },
    data: { value },
  });
  const risks = (after: readonly KubeObject[]) => storedDataRisks([cluster(), config('a')], after, kinds);

  it('is not at risk from settings, more replicas, or objects without claims', () => {
    expect(risks([cluster({ instances: 4, postgresql: { parameters: { work_mem: '8MB' } } })])).toEqual([]);
    expect(risks([cluster(), config('b')])).toEqual([]);
  });

  it('is at risk from fewer replicas, other images, other claims, and a deletion', () => {
    expect(risks([cluster({ instances: 1 })])).toEqual([
      'Cluster orders would get 1 instead of 3 replicas, and data may be on the others only',
    ]);
    expect(risks([cluster({ imageName: 'ghcr.io/cnpg/postgresql:16' })])).toEqual([
      'Cluster orders would get images ghcr.io/cnpg/postgresql:16 instead of ghcr.io/cnpg/postgresql:17, which may have changed its files',
    ]);
    expect(risks([cluster({ storage: { size: '512Mi' } })])).toEqual(['the claims of Cluster orders would change']);
    expect(risks([config('a')])).toEqual(['Cluster orders would be deleted']);
  });
});
