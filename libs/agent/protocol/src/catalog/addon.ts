import { z } from 'zod';
import { digest, instruction, report, text } from './message.js';

const addonName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'is not the name of an add-on');

/** How the agent recognises an add-on: by the name of a CRD, and by the repository of its operator's image. */
export const addonRecognition = z.object({
  name: addonName,
  crd: text(253),
  /**
   * Without the registry, which a mirror replaces: `cloudnative-pg/cloudnative-pg`. Empty for an add-on without an
   * operator, because older agents need it: it fits no image.
   */
  image: text(255),
  /** The label or annotation of the CRD with the version of an add-on without an operator. */
  versionKey: text(317).optional(),
});
export type AddonRecognition = z.output<typeof addonRecognition>;

/** The tag of an image, by the grammar of the OCI distribution specification. */
export const imageTag = z.string().regex(/^\w[\w.-]{0,127}$/, 'is not the tag of an image');

/** The longest problem of an add-on in a report. */
export const maxAddonProblem = 1_024;

export const detectedAddon = z.object({
  name: addonName,
  /** The CRD exists. */
  present: z.boolean(),
  /** The operator, or the CRD when there is no operator, carries the labels of RunOS. */
  ours: z.boolean(),
  /** The tag of the operator's image, or the version in the CRD without its `v`; null where neither is found. */
  version: imageTag.nullable(),
  /** The operator is available, or the add-on consists of CRDs only. Older agents do not report it. */
  ready: z.boolean().optional(),
  /** Which installed object is lost, changed or without its labels. Older agents do not report it. */
  problem: text(maxAddonProblem).optional(),
});
export type DetectedAddon = z.output<typeof detectedAddon>;

/** The agent may install add-ons: it handles APPLY_ADDON and DELETE_ADDON. */
export const addonsCapability = 'addons/1';

/**
 * `accepted: false`: nothing more is done, because of `reason`. `done: false`: objects are still being deleted, so the
 * instruction has to be repeated.
 */
const addonReply = z.object({ accepted: z.boolean(), done: z.boolean(), reason: text(2048).optional() });

/** The objects of a published manifest. */
const manifest = z.object({
  /** SHA-256 of the canonical JSON of the objects. */
  digest,
  /** Canonical JSON, gzip, base64 (`packObjects` of kube-objects). */
  objectsGz: z.base64().max(512 * 1024),
});

/**
 * Installs an add-on or changes it to this version: applies its objects, and deletes those of the version before that
 * are not in it. Idempotent. Refused if one of the objects exists and is not of this add-on.
 */
export const APPLY_ADDON = instruction({
  type: 'APPLY_ADDON',
  input: z.object({
    name: addonName,
    version: imageTag,
    ...manifest.shape,
  }),
  reply: addonReply,
  deadlineMs: 45_000,
});

/**
 * Deletes the objects of an add-on that APPLY_ADDON made. Refused while a custom resource of it exists. Idempotent.
 * By `manifest`, an agent without a record of them knows which objects to look for. Older planes do not send it.
 */
export const DELETE_ADDON = instruction({
  type: 'DELETE_ADDON',
  input: z.object({ name: addonName, manifest: manifest.optional() }),
  reply: addonReply,
  deadlineMs: 45_000,
});

/**
 * The add-ons of the cluster, all that the reply to the hello names. Sent after each connect and when one changes, until
 * the plane acknowledges it. An older plane names none, so it receives no report.
 */
export const AddonStatus = report({
  type: 'AddonStatus',
  body: z.object({ addons: z.array(detectedAddon).max(64) }),
  reply: z.looseObject({}),
  deadlineMs: 10_000,
});
