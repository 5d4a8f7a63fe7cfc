import { z } from 'zod';
import { JobId, Name, NextCursor, Timestamp } from '../field.js';

/** States of an instance. `disconnected`: its cluster's agent is away; the last known state stands beside it. */
export const serviceStates = [
  'pending',
  'applying',
  'healthy',
  'degraded',
  'unhealthy',
  'deleting',
  'disconnected',
] as const;
export const ServiceState = z.enum(serviceStates);
export type ServiceState = z.infer<typeof ServiceState>;

/** `repair` undoes foreign changes, `report` only tells of them. */
export const DriftPolicy = z.enum(['repair', 'report']);

/** CPU in millicores, memory and storage in MiB. Ranges are the sizing's to judge (`sizing.invalid`). */
const numbers = {
  replicas: z.number(),
  cpuRequestMc: z.number(),
  cpuLimitMc: z.number(),
  memoryRequestMb: z.number(),
  memoryLimitMb: z.number(),
  storageMb: z.number(),
};
export const SizingNumbers = z.object(numbers).omit({ storageMb: true });

const settable = z.strictObject({
  name: Name.optional(),
  resourceRequirementClassId: z.string().max(80).optional(),
  ...z.strictObject(numbers).partial().shape,
  driftPolicy: DriftPolicy.optional(),
  /** Switches; no type of this catalog has one yet, so only an empty object fits. */
  flags: z.strictObject({}).optional(),
});

export const CreateService = settable.extend({
  version: z.string().max(32).optional(),
  configType: z.enum(['custom', 'config_set']).optional(),
  configSetId: z.uuid().optional(),
});
export type CreateService = z.infer<typeof CreateService>;

export const UpdateService = settable;
export type UpdateService = z.infer<typeof UpdateService>;

export const Condition = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  observedGeneration: z.int(),
  since: Timestamp,
});

export const Service = z.object({
  id: z.string(),
  osid: z.string(),
  type: z.string(),
  name: z.string(),
  version: z.string(),
  resourceRequirementClassId: z.string(),
  ...numbers,
  driftPolicy: DriftPolicy,
  configType: z.enum(['custom', 'config_set']),
  configSetId: z.string().nullable(),
  configSetVersion: z.string().nullable(),
  status: ServiceState,
  lastKnownStatus: ServiceState.nullable(),
  reason: z.string().nullable(),
  message: z.string().nullable(),
  conditions: z.array(Condition),
  generation: z.int(),
  observedGeneration: z.int(),
  hosts: z.array(z.string()),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Service = z.infer<typeof Service>;

export const ServiceSummary = Service.pick({
  id: true,
  osid: true,
  type: true,
  name: true,
  status: true,
  resourceRequirementClassId: true,
  createdAt: true,
});

export const CreatedService = z.object({
  id: z.string(),
  osid: z.string(),
  name: z.string(),
  status: ServiceState,
  jobId: JobId,
  rrcFlipHint: z.string().optional(),
});

/** A job was started; nothing differed; or only the name changed, which needs no job. */
export const UpdatedService = z.union([
  z.object({ jobId: JobId, rrcFlipHint: z.string().optional() }),
  z.object({ osid: z.string(), noOp: z.literal(true), message: z.string() }),
  z.object({ id: z.string(), osid: z.string(), name: z.string() }),
]);

export const ServiceStatus = z.object({
  state: ServiceState,
  reason: z.string().nullable(),
  message: z.string().nullable(),
  replicas: z.object({ desired: z.int(), ready: z.int() }),
});

export const Credentials = z.object({
  host: z.string(),
  port: z.int(),
  username: z.string(),
  password: z.string(),
  database: z.string().optional(),
  url: z.string(),
});

export const ServiceEvent = z.object({
  id: z.string(),
  at: Timestamp,
  type: z.string(),
  object: z.object({ apiVersion: z.string(), kind: z.string(), name: z.string() }).nullable(),
  fields: z.array(z.string()),
  manager: z.string().nullable(),
  message: z.string(),
});
export const ServiceEvents = z.object({ events: z.array(ServiceEvent), nextCursor: NextCursor });
