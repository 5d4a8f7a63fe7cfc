import { Fault } from '@runos/kernel';
import { canonicalJson, exclusivePath } from '@runos/kube-objects';
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { healthStates } from './health.js';
import { immutablePolicies, kindRoles } from './kind.js';

/** A CEL expression: https://cel.dev, the language of Kubernetes' own admission policies. */
const expression = z.string().min(1).max(2_048);

/** The field managers that may write an exclusive field or annotation. */
const writers = z.array(z.string().min(1).max(128)).max(16).optional();

/** A field in which additions of others are drift. */
const exclusiveField = z.object({ path: z.string().max(256).regex(exclusivePath), writers });

/** At most 253 characters of a prefix, and 63 of a name. */
const annotationName = /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9][\w.-]{0,62}$/;

const exclusiveAnnotation = z.object({ name: z.string().regex(annotationName), writers });

/**
 * The knowledge of a custom resource as data, so that a new service type needs no new agent. Expressions see `self`,
 * the live object, and `variables`, the values of the variables above them; as in a ValidatingAdmissionPolicy. Added
 * functions: `find(string, regex)` as in Kubernetes, `sentence(string)`, `remedyFor(reason)`, `fromJson(string)`.
 */
export const CustomKind = z.object({
  apiVersion: z.string().regex(/^[a-z0-9.-]+\/v[a-z0-9]+$/),
  kind: z.string().regex(/^[A-Z][A-Za-z0-9]{0,62}$/),
  /** The plural name in API paths and RBAC rules. */
  resource: z.string().regex(/^[a-z][a-z0-9]{0,62}$/),
  /** The order of applying and of deleting; `workload` when absent. Agents treat a role of a newer control plane so. */
  role: z.enum(kindRoles).optional().catch(undefined),
  immutablePolicy: z.enum(immutablePolicies),
  holdsData: z.boolean(),
  /** None when absent. Agents ignore the syntax of a newer control plane, and older agents ignore all of them. */
  exclusive: z.array(exclusiveField).max(64).optional().catch(undefined),
  /** Annotations with exactly these names. They are no paths of `exclusive`, which older agents would ignore as a whole. */
  exclusiveAnnotations: z.array(exclusiveAnnotation).max(64).optional().catch(undefined),
  variables: z.array(z.object({ name: z.string().regex(/^[a-z][A-Za-z0-9]{0,31}$/), expression })).max(32),
  /** Integers. */
  replicas: z.object({ desired: expression, ready: expression }).optional(),
  /**
   * The claims that the operator makes: named `<prefix><ordinal>`, each with `storage`, a quantity. The annotations are
   * those by which the operator accepts less storage than before. None when absent; as for `exclusive`.
   */
  claims: z
    .object({
      prefix: expression,
      storage: expression,
      shrinkAnnotations: z.record(z.string().max(256), z.string().max(256)).optional(),
    })
    .optional()
    .catch(undefined),
  /**
   * What shows that the operator has acted on the object: each pod that it controls has these values, quantities in any
   * form. `desired` is of the object, and an empty one fits any. `actual` is of the pod, which is `self` there: its name,
   * its annotations, and the name, image and resources of its containers. None when absent; as for `exclusive`.
   */
  pods: z
    .array(z.object({ name: z.string().min(1).max(64), desired: expression, actual: expression }))
    .max(16)
    .optional()
    .catch(undefined),
  /** The first rule whose `when` is true decides. Without one, the Ready or Available condition does. */
  health: z
    .array(z.object({ when: expression, state: z.enum(healthStates), reason: expression, message: expression }))
    .max(64),
});
export type CustomKind = z.infer<typeof CustomKind>;

/** Maximum canonical JSON of the custom kinds of one bundle, bytes. */
const kindsLimitBytes = 256 * 1024;

export interface PackedKinds {
  /** Canonical JSON of the kinds, gzipped, base64. */
  readonly kindsGz: string;
  /** SHA-256 of the canonical JSON in lower-case hex; outside the bundle's digest, so a new rule restarts no pod. */
  readonly kindsDigest: string;
}

const sha256 = (json: Buffer): string => createHash('sha256').update(json).digest('hex');

const CustomKinds = z.array(CustomKind).max(32);

/**
 * Refuses what an agent would refuse, or would ignore as the syntax of a newer control plane.
 * @throws Fault `request.invalid` with every issue
 */
export function refuseInvalidKinds(kinds: readonly CustomKind[]): void {
  const parsed = readKinds(kinds);
  const unread = kinds.filter((kind, index) => canonicalJson(kind) !== canonicalJson(parsed[index]));
  if (unread.length > 0) {
    const names = unread.map(({ kind }) => kind).join(', ');
    throw new Fault('request.invalid', `Agents would ignore a part of the data about ${names}.`);
  }
  const bytes = Buffer.byteLength(canonicalJson(kinds));
  if (bytes <= kindsLimitBytes) return;
  throw new Fault(
    'request.invalid',
    `The data about kinds has ${bytes} bytes; at most ${kindsLimitBytes} are allowed.`,
  );
}

/** The wire form of the custom kinds of a bundle. */
export function packKinds(kinds: readonly CustomKind[]): PackedKinds {
  const json = Buffer.from(canonicalJson(kinds));
  return { kindsGz: gzipSync(json, { level: 6 }).toString('base64'), kindsDigest: sha256(json) };
}

/**
 * The inverse.
 * @throws Fault `request.invalid` if the bytes are damaged, too large, or not kinds
 */
export function unpackKinds({ kindsGz, kindsDigest }: PackedKinds): CustomKind[] {
  let json: Buffer;
  try {
    json = gunzipSync(Buffer.from(kindsGz, 'base64'), { maxOutputLength: kindsLimitBytes });
  } catch (cause) {
    throw new Fault(
      'request.invalid',
      'The kinds of the bundle are no gzipped base64 of at most 256 KiB.',
      {},
      { cause },
    );
  }
  const actual = sha256(json);
  if (actual !== kindsDigest) {
    throw new Fault('request.invalid', `The digest of the kinds is ${actual}, not ${kindsDigest} as announced.`);
  }
  return readKinds(JSON.parse(json.toString('utf8')));
}

/** @throws Fault `request.invalid` with every issue */
function readKinds(kinds: unknown): CustomKind[] {
  const parsed = CustomKinds.safeParse(kinds);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  throw new Fault('request.invalid', `The bundle contains an invalid kind: ${issues[0]?.path}.`, { issues });
}
