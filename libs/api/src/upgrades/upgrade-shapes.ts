import { documentation } from '@runos/catalog-model';
import { z } from 'zod';
import { JobId, maxInt32, NextCursor, Timestamp } from '../operation/fields.js';
import { RendererVersion, Upgrade, UpgradeBlock, UpgradeComparison } from '../services/service-shapes.js';

/** `failed`: an instance failed, so no other starts. Jobs that run go on to their end in every state. */
const waveStates = ['running', 'completed', 'failed', 'cancelled'] as const;
const WaveState = z.enum(waveStates);
export type WaveState = z.infer<typeof WaveState>;

/** `skipped`: it cannot be upgraded, it is deleted, or the wave was cancelled before it started. */
const waveInstanceStates = ['pending', 'running', 'completed', 'failed', 'skipped'] as const;
const WaveInstanceState = z.enum(waveInstanceStates);
export type WaveInstanceState = z.infer<typeof WaveInstanceState>;

const instanceCount = (what: string) =>
  z.int().register(documentation, {
    description: `Number of instances ${what}.`,
    unit: 'instances',
    minimum: 0,
    maximum: maxInt32,
  });

/** An absent version keeps that of each instance. */
export const UpgradeOfType = z.strictObject({
  type: z.string().min(1).max(40).register(documentation, { description: 'Service type, such as postgresql.' }),
  ...Upgrade.shape,
});

export const CreateUpgradeWave = UpgradeOfType.extend({
  maxUnavailable: z.int().min(1).max(100).default(1).register(documentation, {
    description: 'Number of instances that may be upgrading at the same time.',
    unit: 'instances',
  }),
});

const InstanceName = z.object({ cid: z.string(), osid: z.string() });

/** `counts` are those of the account; `instances` would change, `blocked` cannot be upgraded. */
export const UpgradeWavePlan = z.object({
  type: z.string(),
  rendererVersion: RendererVersion,
  counts: z.object({
    changing: instanceCount('that would change'),
    upToDate: instanceCount('that are at the target already'),
    blocked: instanceCount('that cannot be upgraded'),
  }),
  instances: z.array(InstanceName.extend(UpgradeComparison.shape)),
  blocked: z.array(InstanceName.extend(UpgradeBlock.shape)),
  nextCursor: NextCursor,
});
export type UpgradeWavePlan = z.infer<typeof UpgradeWavePlan>;

/** `reason` is stable CamelCase, `message` a sentence that names the instance and the job. */
export const UpgradeWave = z.object({
  id: z.uuid(),
  type: z.string(),
  /** The requested version; null keeps that of each instance. */
  version: z.string().nullable(),
  rendererVersion: RendererVersion,
  maxUnavailable: instanceCount('that may be upgrading at the same time'),
  state: WaveState,
  reason: z.string().nullable(),
  message: z.string().nullable(),
  counts: z.object({
    upToDate: instanceCount('that were at the target when it was accepted'),
    pending: instanceCount('that have not started'),
    running: instanceCount('with an open job'),
    completed: instanceCount('that are upgraded'),
    failed: instanceCount('whose job failed'),
    skipped: instanceCount('that are not upgraded'),
  }),
  createdBy: z.string(),
  createdAt: Timestamp,
  completedAt: Timestamp.nullable(),
});
export type UpgradeWave = z.infer<typeof UpgradeWave>;

const PlannedState = z.object({ version: z.string(), rendererVersion: RendererVersion });

/** An instance of a wave. `planned` is from its acceptance; a null `to` means that it was blocked then. */
export const UpgradeWaveInstance = InstanceName.extend({
  state: WaveInstanceState,
  planned: z.object({ from: PlannedState, to: PlannedState.nullable() }),
  jobId: JobId.nullable(),
  reason: z.string().nullable(),
  message: z.string().nullable(),
});
export type UpgradeWaveInstance = z.infer<typeof UpgradeWaveInstance>;

/** A page of its instances, in the order in which they start. */
export const UpgradeWaveDetails = UpgradeWave.extend({
  instances: z.array(UpgradeWaveInstance),
  nextCursor: NextCursor,
});
export const CancelledUpgradeWave = z.object({ cancelled: z.boolean(), state: WaveState, message: z.string() });
export const ResumedUpgradeWave = z.object({ resumed: z.boolean(), state: WaveState, message: z.string() });
