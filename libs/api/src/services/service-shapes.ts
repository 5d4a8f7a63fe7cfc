import { type NumberName, numberRanges } from '@runos/sizing';
import { z } from 'zod';
import {
  documentation,
  Generation,
  JobId,
  maxInt32,
  Name,
  NextCursor,
  ObservedGeneration,
  Timestamp,
} from '../operation/fields.js';

/**
 * States of an instance. `disconnected`: the agent of its cluster is disconnected; `lastKnownStatus` holds the state
 * before that.
 */
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

/** `repair` reverts drifted fields; `report` only records an event for them. */
export const DriftPolicy = z.enum(['repair', 'report']);

/** `custom`: the instance has values of its own. `config_set`: it uses a version of a config set. */
const ConfigType = z.enum(['custom', 'config_set']);

/**
 * One number of a size. The schema accepts any number, because a value outside its range is refused by the catalog
 * with `sizing.invalid`, not with `request.invalid`; unit and range are stated for the OpenAPI document.
 */
const sizeNumber = (name: NumberName, subject: string) => {
  const { min, max, unit } = numberRanges[name];
  return z
    .number()
    .register(documentation, { type: 'integer', description: `${subject} in ${unit}.`, minimum: min, maximum: max });
};

/** CPU in millicores, memory and storage in MiB. A limit must be at least its request. */
const numbers = {
  replicas: sizeNumber('replicas', 'Size'),
  cpuRequestMc: sizeNumber('cpuRequestMc', 'CPU request of a pod'),
  cpuLimitMc: sizeNumber('cpuLimitMc', 'CPU limit of a pod'),
  memoryRequestMb: sizeNumber('memoryRequestMb', 'Memory request of a pod'),
  memoryLimitMb: sizeNumber('memoryLimitMb', 'Memory limit of a pod'),
  storageMb: sizeNumber('storageMb', 'Storage of a replica'),
};

/** The five numbers of a class: replicas, CPU and memory of a pod. */
export const SizingNumbers = z.object(numbers).omit({ storageMb: true });

/** Storage of a replica in MiB. */
export const StorageMb = numbers.storageMb;

const settable = z.strictObject({
  name: Name.optional(),
  /** `<type>.<tier>.<size>`. Numbers that differ from the class change it to `custom`. */
  resourceRequirementClassId: z.string().max(80).optional(),
  ...z.strictObject(numbers).partial().shape,
  driftPolicy: DriftPolicy.optional(),
  /** Switches of a service type. No type has one, so only an empty object is valid. */
  flags: z.strictObject({}).optional(),
});

/** Body of a create. Absent fields take the defaults of the type: `<type>.c0.beff`, its default version, `repair`. */
export const CreateService = settable.extend({
  version: z.string().max(32).optional(),
  configType: ConfigType.optional(),
  configSetId: z.uuid().optional(),
});
export type CreateService = z.infer<typeof CreateService>;

/** Body of an update. Absent fields keep their values; version and config set cannot be changed. */
export const UpdateService = settable;
export type UpdateService = z.infer<typeof UpdateService>;

/** A condition of an instance, as in Kubernetes: `Accepted`, `Applied`, `Ready`, `Drifted` or `RouteReady`. */
export const Condition = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  observedGeneration: ObservedGeneration,
  /** When the status last changed. */
  since: Timestamp,
});

/** One instance: its desired spec, then its live state. `reason` is stable CamelCase, `message` a sentence. */
export const Service = z.object({
  id: z.string(),
  osid: z.string(),
  type: z.string(),
  name: z.string(),
  version: z.string(),
  resourceRequirementClassId: z.string(),
  ...numbers,
  driftPolicy: DriftPolicy,
  configType: ConfigType,
  configSetId: z.string().nullable(),
  configSetVersion: z.string().nullable(),
  status: ServiceState,
  lastKnownStatus: ServiceState.nullable(),
  reason: z.string().nullable(),
  message: z.string().nullable(),
  conditions: z.array(Condition),
  generation: Generation,
  observedGeneration: ObservedGeneration,
  hosts: z.array(z.string()),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Service = z.infer<typeof Service>;

/** An instance in a list. */
export const ServiceSummary = Service.pick({
  id: true,
  osid: true,
  type: true,
  name: true,
  status: true,
  resourceRequirementClassId: true,
  createdAt: true,
});

/** `rrcFlipHint` is present when the numbers changed the class to `custom`, and names the field. */
export const CreatedService = z.object({
  id: z.string(),
  osid: z.string(),
  name: z.string(),
  status: ServiceState,
  jobId: JobId,
  rrcFlipHint: z.string().optional(),
});

/** In this order: a job was created; no field differed; only the name changed, which needs no job. */
export const UpdatedService = z.union([
  z.object({ jobId: JobId, rrcFlipHint: z.string().optional() }),
  z.object({ osid: z.string(), noOp: z.literal(true), message: z.string() }),
  z.object({ id: z.string(), osid: z.string(), name: z.string() }),
]);

/** Number of pods; Kubernetes counts them as int32. */
const podCount = (subject: string) =>
  z.int().register(documentation, { description: `${subject}, a number of pods.`, minimum: 0, maximum: maxInt32 });

/** The state of an instance with its desired and ready pods. */
export const ServiceStatus = z.object({
  state: ServiceState,
  reason: z.string().nullable(),
  message: z.string().nullable(),
  replicas: z.object({ desired: podCount('Desired replicas'), ready: podCount('Ready replicas') }),
});

/** Connection data of an instance, valid inside its cluster. `database` is absent for types without databases. */
export const Credentials = z.object({
  host: z.string(),
  port: z.int().register(documentation, { description: 'TCP port number.', minimum: 1, maximum: 65_535 }),
  username: z.string(),
  password: z.string(),
  database: z.string().optional(),
  url: z.string(),
});

/** An event of an instance. `fields` and `manager` name drifted fields and the conflicting field manager. */
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
