import { AppFields, ConfigValues, ServiceFields, SizingClass, SizingNumbers } from '@runos/api';
import { z } from 'zod';
import { request } from '../contract.js';

const planeRequest = { owner: 'catalog', scope: 'plane', deadlineMs: 2_000, idempotent: true } as const;

export const listSizingClasses = request({
  ...planeRequest,
  subject: 'catalog.v1.classes',
  callers: ['gateway'],
  input: z.object({ type: z.string() }),
  output: z.object({ classes: z.array(SizingClass) }),
});

export const listVersions = request({
  ...planeRequest,
  subject: 'catalog.v1.versions',
  callers: ['gateway'],
  input: z.object({ type: z.string() }),
  output: z.object({ versions: z.array(z.object({ version: z.string(), default: z.boolean() })) }),
});

/** The stored size of an instance: class, five numbers and storage. */
export const Sizing = SizingNumbers.extend({
  resourceRequirementClassId: z.string(),
  /** MiB; null for a type that stores nothing. */
  storageMb: z.number().nullable(),
  /** The storage class of the volumes; unchanged when the class becomes `custom`. */
  storage: z.enum(['local', 'distributed', 'none']),
});
export type Sizing = z.infer<typeof Sizing>;

/** The values of the fields that only one type has. */
export const ServiceInputValues = z.record(z.string(), z.unknown());

/**
 * Resolves the fields of a create or update request to sizing, version and the type's own inputs.
 * @throws Fault `type.not_found`, `class.unknown`, `sizing.invalid` or, for a field the type lacks, `request.invalid`
 * @throws Fault `unavailable` for a type or a version that only the newer of both builds has
 */
export const resolveInstance = request({
  ...planeRequest,
  subject: 'catalog.v1.resolve',
  callers: ['reconciler'],
  input: z.object({
    type: z.string(),
    fields: ServiceFields,
    /** The current state for an update; absent for a create request. */
    current: z
      .object({
        sizing: Sizing,
        inputs: ServiceInputValues,
        /** What the largest volume really has, MiB; null or absent: unknown. */
        volumeCapacityMb: z.number().nullable().optional(),
      })
      .optional(),
    /**
     * The versions that the caller's build can render: during an upgrade of the plane they may differ from ours. None if
     * it lacks the type.
     */
    versions: z.array(z.string()),
    cluster: z.object({ localStorageClass: z.string().nullable(), distributedStorageClass: z.string().nullable() }),
  }),
  output: z.object({
    sizing: Sizing,
    /** For a new instance; an existing instance keeps its version. */
    version: z.string(),
    /** The type's own fields with their defaults. */
    inputs: ServiceInputValues,
    /** The reason why this request changed the class to `custom`. */
    rrcFlipHint: z.string().optional(),
  }),
});

/**
 * Resolves the fields of a create or update request of an app. Without `clearsAbsent`, absent fields keep their values.
 * @throws Fault `class.unknown`, `sizing.invalid` or `request.invalid` with every issue
 */
export const resolveApp = request({
  ...planeRequest,
  subject: 'catalog.v1.resolve-app',
  callers: ['reconciler'],
  input: z.object({
    fields: ServiceFields,
    /** The current state for an update; absent for a create request. */
    current: z.object({ sizing: Sizing, inputs: AppFields }).optional(),
    clearsAbsent: z.boolean().optional(),
  }),
  output: z.object({ sizing: Sizing, inputs: AppFields, rrcFlipHint: z.string().optional() }),
});

/** @throws Fault `configset.invalid` with every issue, or `type.not_found` */
export const checkConfigValues = request({
  ...planeRequest,
  subject: 'catalog.v1.config-check',
  callers: ['config-sets'],
  input: z.object({ type: z.string(), values: ConfigValues }),
  output: z.object({ valid: z.literal(true) }),
});
