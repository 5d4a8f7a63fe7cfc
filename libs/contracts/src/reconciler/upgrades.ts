import {
  CancelledUpgradeWave,
  CreateUpgradeWave,
  ResumedUpgradeWave,
  UpgradeOfType,
  UpgradeWave,
  UpgradeWaveDetails,
  UpgradeWavePlan,
} from '@runos/api';
import { z } from 'zod';
import { Idempotency, request } from '../contract.js';
import { fromGateway, page } from './from-gateway.js';

const id = z.uuid();
const idempotency = Idempotency.optional();

export const planUpgradeWave = request({
  ...fromGateway,
  subject: 'reconciler.v1.upgrade-plan',
  input: z.object({ ...UpgradeOfType.shape, ...page }),
  output: UpgradeWavePlan,
  idempotent: true,
});

export const createUpgradeWave = request({
  ...fromGateway,
  subject: 'reconciler.v1.upgrade-create',
  input: z.object({ ...CreateUpgradeWave.shape, idempotency }),
  output: UpgradeWave,
  idempotent: false,
});

export const listUpgradeWaves = request({
  ...fromGateway,
  subject: 'reconciler.v1.upgrade-list',
  input: z.object(page),
  output: z.object({ upgrades: z.array(UpgradeWave), nextCursor: z.string().nullable() }),
  idempotent: true,
});

export const showUpgradeWave = request({
  ...fromGateway,
  subject: 'reconciler.v1.upgrade-show',
  input: z.object({ id, ...page }),
  output: UpgradeWaveDetails,
  idempotent: true,
});

export const cancelUpgradeWave = request({
  ...fromGateway,
  subject: 'reconciler.v1.upgrade-cancel',
  input: z.object({ id, idempotency }),
  output: CancelledUpgradeWave,
  idempotent: false,
});

export const resumeUpgradeWave = request({
  ...fromGateway,
  subject: 'reconciler.v1.upgrade-resume',
  input: z.object({ id, idempotency }),
  output: ResumedUpgradeWave,
  idempotent: false,
});
