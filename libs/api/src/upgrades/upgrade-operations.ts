import { z } from 'zod';
import { NextCursor, page } from '../operation/fields.js';
import { operation, pathParams } from '../operation/operation.js';
import {
  CancelledUpgradeWave,
  CreateUpgradeWave,
  ResumedUpgradeWave,
  UpgradeOfType,
  UpgradeWave,
  UpgradeWaveDetails,
  UpgradeWavePlan,
} from './upgrade-shapes.js';

const { aid, upgradeId: id } = pathParams;
const collection = '/:aid/upgrades';
const one = `${collection}/:id`;

/**
 * Nothing is written, so readers may plan. In order of creation; each page also counts all instances of the type.
 * `request.invalid` also for a version that is not offered.
 */
export const planUpgradeWave = operation({
  id: 'upgrade.plan',
  method: 'POST',
  path: `${collection}/plan`,
  access: 'read',
  summary: 'Plan the upgrade of all instances of a service type in the account.',
  params: { aid },
  query: page(50, 200),
  body: UpgradeOfType,
  output: UpgradeWavePlan,
  errors: ['type.not_found'],
  examples: { body: { type: 'postgresql' } },
});

/**
 * The plan is stored at acceptance, so a later build does not change the target. Instances that were healthy then come
 * first. A failed or cancelled job fails the wave.
 * `request.invalid` as the plan; `upgrade.running` with the wave of this type that runs.
 */
export const createUpgradeWave = operation({
  id: 'upgrade.create',
  method: 'POST',
  path: collection,
  access: 'write',
  summary: 'Upgrade all instances of a service type in the account, a few at a time.',
  params: { aid },
  body: CreateUpgradeWave,
  output: UpgradeWave,
  status: 202,
  errors: ['type.not_found', 'upgrade.running'],
  examples: { body: { type: 'postgresql', maxUnavailable: 2 } },
});

/** At most 200 per page. */
export const listUpgradeWaves = operation({
  id: 'upgrade.list',
  method: 'GET',
  path: collection,
  access: 'read',
  summary: 'List the upgrades of the account, newest first.',
  params: { aid },
  query: page(50, 200),
  output: z.object({ upgrades: z.array(UpgradeWave), nextCursor: NextCursor }),
});

/** At most 1,000 instances per page. */
export const showUpgradeWave = operation({
  id: 'upgrade.show',
  method: 'GET',
  path: one,
  access: 'read',
  summary: 'Show an upgrade with its instances and their jobs.',
  params: { aid, id },
  query: page(500, 1000),
  output: UpgradeWaveDetails,
});

/** Jobs that run go on to their end. `cancelled` is false for an upgrade that has ended. */
export const cancelUpgradeWave = operation({
  id: 'upgrade.cancel',
  method: 'POST',
  path: `${one}/cancel`,
  access: 'write',
  summary: 'Cancel an upgrade: no further instance starts.',
  params: { aid, id },
  output: CancelledUpgradeWave,
});

/** `resumed` is false for an upgrade that has not failed. `upgrade.running` for another wave of its type. */
export const resumeUpgradeWave = operation({
  id: 'upgrade.resume',
  method: 'POST',
  path: `${one}/resume`,
  access: 'write',
  summary: 'Resume a failed upgrade, starting with its failed instances.',
  params: { aid, id },
  output: ResumedUpgradeWave,
  errors: ['upgrade.running'],
});
