import { z } from 'zod';
import { report, text } from './message.js';

const addonName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'is not the name of an add-on');

/** How the agent recognises an add-on: by the name of a CRD, and by the repository of its operator's image. */
export const addonRecognition = z.object({
  name: addonName,
  crd: text(253),
  /** Without the registry, which a mirror replaces: `cloudnative-pg/cloudnative-pg`. */
  image: text(255),
});
export type AddonRecognition = z.output<typeof addonRecognition>;

/** The tag of an image, by the grammar of the OCI distribution specification. */
export const imageTag = z.string().regex(/^\w[\w.-]{0,127}$/, 'is not the tag of an image');

export const detectedAddon = z.object({
  name: addonName,
  /** The CRD exists. */
  present: z.boolean(),
  /** The operator, or the CRD when there is no operator, carries the labels of RunOS. */
  ours: z.boolean(),
  /** The tag of the operator's image; null without an operator or without a tag. */
  version: imageTag.nullable(),
});
export type DetectedAddon = z.output<typeof detectedAddon>;

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
