import {
  AllowedWriters,
  AutoRollbackSwitch,
  commonFields,
  ConfigType,
  creationFields,
  documentation,
  DriftPolicy,
  sizeFields,
  storedMb,
} from '@runos/catalog-model';
import { z } from 'zod';
import { ConfigValues } from '../config-sets/config-set-operations.js';
import {
  Generation,
  JobId,
  maxInt32,
  NextCursor,
  ObservedGeneration,
  Timestamp,
  Unchanged,
  Warnings,
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

/** What an instance is. */
const InstanceKind = z.enum(['service', 'app']);
export type InstanceKind = z.infer<typeof InstanceKind>;

/** The five numbers of a class: replicas, CPU and memory of a pod. */
export const SizingNumbers = z.object(sizeFields).omit({ storageMb: true });

/** Storage of a replica in MiB. */
export const StorageMb = sizeFields.storageMb;

/**
 * The fields of a create or an update, of any type: the common ones, and those that only one type has, which the catalog
 * validates. A create defaults to `<type>.c0.beff`, the default version and `repair`; an update keeps absent fields.
 */
export const ServiceFields = z.looseObject({ ...commonFields, ...creationFields });
export type ServiceFields = z.infer<typeof ServiceFields>;

/** A condition of an instance, as in Kubernetes: `Accepted`, `Applied`, `Ready`, `Drifted`, `CredentialsApplied` or `RouteReady`. */
export const Condition = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  observedGeneration: ObservedGeneration,
  /** When the status last changed. */
  since: Timestamp,
});

/**
 * One instance: its desired spec with the fields that only its type has, then its live state. `reason` is stable
 * CamelCase, `message` a sentence. `requires` names the instances that it needs, by alias. `advanced` are its settings,
 * custom or of its config set, for a type that has any; older control planes leave it out, and `allowedWriters` too.
 */
export const Service = z.looseObject({
  id: z.string(),
  osid: z.string(),
  kind: InstanceKind,
  type: z.string(),
  name: z.string(),
  version: z.string(),
  resourceRequirementClassId: z.string(),
  ...sizeFields,
  storageMb: storedMb,
  driftPolicy: DriftPolicy,
  allowedWriters: AllowedWriters.optional(),
  autoRollback: AutoRollbackSwitch.optional(),
  configType: ConfigType,
  configSetId: z.string().nullable(),
  configSetVersion: z.string().nullable(),
  advanced: ConfigValues.optional(),
  requires: z.record(z.string(), z.object({ type: z.string(), id: z.string(), osid: z.string() })),
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

/** An instance in a list. `reason` explains its last known status; older control planes leave it out. */
export const ServiceSummary = Service.pick({
  id: true,
  osid: true,
  kind: true,
  type: true,
  name: true,
  status: true,
  resourceRequirementClassId: true,
  createdAt: true,
}).extend({ reason: z.string().nullable().optional() });

/** `rrcFlipHint` is present when the numbers changed the class to `custom`, and names the field. */
export const CreatedService = z.object({
  id: z.string(),
  osid: z.string(),
  name: z.string(),
  status: ServiceState,
  jobId: JobId,
  rrcFlipHint: z.string().optional(),
  warnings: Warnings,
});

/** In this order: a job was created; no field differed; only the name changed, which needs no job. */
export const UpdatedService = z.union([
  z.object({ jobId: JobId, rrcFlipHint: z.string().optional(), warnings: Warnings }),
  Unchanged,
  z.object({ id: z.string(), osid: z.string(), name: z.string() }),
]);

/** `warnings`: that its cluster has not tried the change, and why. */
export const RestartedInstance = z.object({ osid: z.string(), message: z.string(), jobId: JobId, warnings: Warnings });

/** An absent version keeps the current one. */
export const Upgrade = z.strictObject({
  version: z
    .string()
    .min(1)
    .max(32)
    .optional()
    .register(documentation, { description: 'Version of the service. Default: the current one.' }),
});

/** `plane`: the spec that the control plane shows. `cluster`: what the cluster agent stores and keeps applied. */
export const AcceptDesired = z.strictObject({
  desired: z.enum(['plane', 'cluster']).register(documentation, {
    description: 'Whose spec is desired: that of the control plane or that of the cluster.',
  }),
});

export const RendererVersion = z.int().register(documentation, {
  description: 'Version of the renderer: it counts the changes of how objects are rendered.',
  unit: 'changes',
  minimum: 1,
  maximum: maxInt32,
});
const UpgradeState = z.object({ version: z.string(), rendererVersion: RendererVersion, image: z.string() });

/** `reason` is stable CamelCase. */
export const UpgradeBlock = z.object({ reason: z.string(), message: z.string() });

/** `restartsPods` is true when a pod template or spec or annotations of a custom resource change. */
export const UpgradeComparison = z.object({
  current: UpgradeState,
  target: UpgradeState,
  changes: z.boolean(),
  restartsPods: z.boolean(),
});
export type UpgradeComparison = z.infer<typeof UpgradeComparison>;

/** `blocked`: why the upgrade is refused now; absent when nothing blocks it. */
export const UpgradePlan = UpgradeComparison.extend({ blocked: UpgradeBlock.optional() });
export type UpgradePlan = z.infer<typeof UpgradePlan>;

/** Number of pods; Kubernetes counts them as int32. */
const podCount = (subject: string) =>
  z.int().register(documentation, {
    description: `${subject}, a number of pods.`,
    unit: 'pods',
    minimum: 0,
    maximum: maxInt32,
  });

/** The state of an instance with its desired and ready pods. */
export const ServiceStatus = z.object({
  state: ServiceState,
  reason: z.string().nullable(),
  message: z.string().nullable(),
  replicas: z.object({ desired: podCount('Desired replicas'), ready: podCount('Ready replicas') }),
});

/** A scalar of JSON, or an array or object of such values. */
type CredentialValue =
  string | number | boolean | null | CredentialValue[] | { readonly [field: string]: CredentialValue };

/** Far more than an instance has servers. */
const maxCredentialItems = 256;

const credentialValue = (depth: number): z.ZodType<CredentialValue> => {
  const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
  if (depth === 0) return scalar;
  const value = credentialValue(depth - 1);
  return z.union([scalar, z.array(value).max(maxCredentialItems), z.record(z.string(), value)]);
};

/** Connection data of an instance, valid inside its cluster; each type has a form of its own, at most four levels deep. */
export const Credentials = z.record(z.string(), credentialValue(3));

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
