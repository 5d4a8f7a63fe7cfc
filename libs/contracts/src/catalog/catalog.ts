import { ConfigValues, CreateService, SizingClass, SizingNumbers } from '@runos/api';
import { z } from 'zod';
import { request } from '../contract.js';

const answered = { owner: 'catalog', scope: 'plane', deadlineMs: 2_000, idempotent: true } as const;

export const listSizingClasses = request({
  ...answered,
  subject: 'catalog.v1.classes',
  callers: ['gateway'],
  input: z.object({ type: z.string() }),
  output: z.object({ classes: z.array(SizingClass) }),
});

export const listVersions = request({
  ...answered,
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
  /** Where the volumes live; kept when the class becomes `custom`. */
  storage: z.enum(['local', 'distributed', 'none']),
});
export type Sizing = z.infer<typeof Sizing>;

/**
 * What a request for an instance means: the sizing numbers, the version and the renderer to pin.
 * Refused with `type.not_found`, `class.unknown`, `sizing.invalid` or `request.invalid` (a field this type does not have).
 */
export const resolveInstance = request({
  ...answered,
  subject: 'catalog.v1.resolve',
  callers: ['reconciler'],
  input: z.object({
    type: z.string(),
    fields: CreateService,
    /** The instance's present sizing, for a change; absent at creation. */
    current: Sizing.optional(),
    cluster: z.object({ localStorageClass: z.string().nullable(), distributedStorageClass: z.string().nullable() }),
  }),
  output: z.object({
    sizing: Sizing,
    /** For a new instance; an existing one keeps the version it has. */
    version: z.string(),
    rendererVersion: z.int(),
    /** Set when the class became `custom` by this request; says why. */
    rrcFlipHint: z.string().optional(),
  }),
});

/** Refused with `configset.invalid` and every issue, or `type.not_found`. */
export const checkConfigValues = request({
  ...answered,
  subject: 'catalog.v1.config-check',
  callers: ['config-sets'],
  input: z.object({ type: z.string(), values: ConfigValues }),
  output: z.object({ valid: z.literal(true) }),
});
