import { z } from 'zod';
import { digest, generation, instant, instruction, objectRef, oneOf, osid, report, revision, text } from './message.js';

/** `repair` reverts drifted fields at once, `report` only reports them. */
export const driftPolicies = ['repair', 'report'] as const;
export type DriftPolicy = (typeof driftPolicies)[number];

/** Revisions in the history of a bundle. */
export const maxHistory = 20;

/** A longer sealed spec is not sent. */
export const maxSealedSpecLength = 64 * 1024;

/**
 * The last revisions of the plane before this one. An agent that stores one of them with another digest refuses this one:
 * its bundle is of a history that the plane does not have.
 */
const history = z.array(z.object({ revision, digest })).max(maxHistory).optional();

/** `fields` as events print them: `spec.replicas`, `spec.template.spec.containers[name=web].resources`. */
const fieldWriter = z.object({ manager: text(128), kind: text(63), fields: z.array(text(256)).max(32) });

export const bundle = z.object({
  osid,
  generation,
  revision,
  /** SHA-256 of the canonical JSON of the objects. */
  digest,
  driftPolicy: z.enum(driftPolicies),
  /**
   * Fields of the objects that are left to other field managers: set when an object is created, and never again. Their
   * changes are no drift. Outside `digest`. Absent: none; older agents ignore it and repair such fields.
   */
  allowedWriters: z.array(fieldWriter).max(32).optional(),
  /**
   * Identifies this list: the agent stores and returns it in a resync. Outside `digest`. Absent without a list, and from
   * older planes.
   */
  writersDigest: digest.optional(),
  /** The objects: canonical JSON, gzip, base64 (`packObjects` of kube-objects). */
  objectsGz: z.base64().max(2 * 1024 * 1024),
  /** SHA-256 of the canonical JSON of the kinds. Outside `digest`, so that a new rule restarts no pod. */
  kindsDigest: digest.optional(),
  /** What the agent must know of the custom resources among the objects (`packKinds` of kube-kinds). */
  kindsGz: z
    .base64()
    .max(256 * 1024)
    .optional(),
  /** The spec of this revision, sealed by the plane. The agent stores it and returns it by READ_BUNDLE. */
  sealedSpec: text(maxSealedSpecLength).optional(),
  /**
   * The user accepts that this revision ends pods whose data is lost with them. Outside `digest`. Absent: the agent applies
   * nothing that ends such a pod; older agents ignore it and apply everything.
   */
  acceptDataLoss: z.boolean().optional(),
  history,
});

export type Bundle = z.output<typeof bundle>;

/** The bundle or the tombstone that the agent stores of an instance. */
const storedBundle = z.object({ revision, generation, digest });
export type StoredBundle = z.output<typeof storedBundle>;

/**
 * `accepted: true` when the agent has stored it. It rejects a revision lower than the stored one, and the stored one
 * with another digest. It rejects one whose history has the stored one with another digest. Then `stored` is what it
 * has. Older agents send no `stored`.
 */
const stored = z.object({ accepted: z.boolean(), reason: text(2048).optional(), stored: storedBundle.optional() });

/** Applies these objects and keeps them applied. Idempotent. */
export const APPLY_BUNDLE = instruction({ type: 'APPLY_BUNDLE', input: bundle, reply: stored, deadlineMs: 10_000 });

/** Deletes the instance with all its objects. The revision of the tombstone rejects bundles that arrive later. */
export const DELETE_BUNDLE = instruction({
  type: 'DELETE_BUNDLE',
  input: z.object({ osid, generation, revision, history }),
  reply: stored,
  deadlineMs: 10_000,
});

/** For how long a held deletion starts nothing, ms. A bundle with a higher revision ends it before that. */
export const heldDeletionMs = 60_000;

/**
 * Stops the deletion up to this revision, if nothing of the instance is deleted yet, so that a higher revision can revert
 * it. Without one, the deletion goes on after `heldDeletionMs`. `held: false`: the reason names what is deleted.
 * Older agents reply with an error.
 */
export const HOLD_DELETION = instruction({
  type: 'HOLD_DELETION',
  input: z.object({ osid, revision }),
  reply: z.object({ held: z.boolean(), reason: text(2048).optional() }),
  deadlineMs: 2_000,
});

/** What the agent stores of an instance; null: nothing. Older agents reply with an error. */
export const READ_BUNDLE = instruction({
  type: 'READ_BUNDLE',
  input: z.object({ osid }),
  reply: z.object({ stored: storedBundle.extend({ sealedSpec: text(maxSealedSpecLength).optional() }).nullable() }),
  deadlineMs: 2_000,
});

const diffActions = ['created', 'changed', 'replaced', 'deleted', 'refused'] as const;

/**
 * The changes that APPLY_BUNDLE would make, by a dry run on the API server. Objects without a change are left out. Values
 * of Secrets are never in it, and long values are cut. Agents without `plansCapability` send only object and changes.
 */
export const DIFF_BUNDLE = instruction({
  type: 'DIFF_BUNDLE',
  input: bundle,
  reply: z.object({
    objects: z.array(
      z.object({
        object: objectRef,
        changes: z.array(z.object({ path: text(1024), live: z.unknown(), wanted: z.unknown() })),
        /** `replaced`: deleted and created again. `refused`: the API server would refuse it, or it would lose data. */
        action: oneOf(diffActions).optional(),
        /** Why it is replaced or refused, in the words of the API server, or why it could not be tried. */
        message: text(4096).optional(),
        /** False: the API server could not try it. */
        tried: z.boolean().optional(),
      }),
    ),
    /** The namespace of the dry runs, where that of the instance does not exist yet. */
    planNamespace: text(63).optional(),
  }),
  deadlineMs: 3_000,
});

export const bundlePhases = ['applying', 'applied', 'ready', 'degraded', 'failed', 'deleting', 'gone'] as const;
export const objectStates = ['pending', 'applied', 'ready', 'degraded', 'failed', 'deleting', 'gone'] as const;
/**
 * `reclaimed`: a manager owned fields of ours with our values, and owns them no longer. `shared`: the same, and the drift
 * policy leaves it. `added`: a manager has added fields beside ours, which stay; no drift, but reported once. Older planes
 * read these three as `unrecognised`.
 */
export const driftActions = [
  'repaired',
  'recreated',
  'reported',
  'contested',
  'failed',
  'reclaimed',
  'shared',
  'added',
] as const;

const condition = z.object({
  /** `Accepted`, `Applied`, `Ready`, `Drifted` …; newer agents may send more. */
  type: text(64),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: text(128),
  message: text(4096),
});

export const objectState = objectRef.extend({
  state: oneOf(objectStates),
  reason: text(128).optional(),
  message: text(4096).optional(),
  /**
   * The last lines that a container logged before it ended, without the values of the bundle's Secrets. At most one
   * object of a status has them. Older agents send none, and older planes ignore them.
   */
  log: z.array(text(512)).max(20).optional(),
});

export const drift = z.object({
  object: objectRef,
  /** Paths of the drifted fields; empty when the whole object was deleted. */
  fields: z.array(text(1024)).max(100),
  /** The field manager that changed it; null when Kubernetes does not record one. */
  manager: text(256).nullish(),
  at: instant,
  action: oneOf(driftActions),
  /** The fields were removed, not changed. Older agents do not report it. */
  removed: z.boolean().optional(),
  /** Why a repair failed: the words of the API server, and what to do. */
  cause: text(1024).optional(),
});

/** The status of one instance, sent when it changes and repeated until the plane acknowledges it. */
export const BundleStatus = report({
  type: 'BundleStatus',
  body: z.object({
    osid,
    generation,
    digest,
    phase: oneOf(bundlePhases),
    conditions: z.array(condition).max(20),
    /** Worst first. */
    objects: z.array(objectState).max(50),
    /**
     * Desired and ready pods (or instances) of the workloads; absent for workloads that do not count them. `outdated`:
     * those of the ready ones that an earlier revision has started; absent: none, or an older agent.
     */
    replicas: z
      .object({ desired: z.int().min(0), ready: z.int().min(0), outdated: z.int().min(0).optional() })
      .optional(),
    /**
     * What the largest bound claim really has, MiB, rounded up: storage cannot be less. Absent without a bound claim, and
     * from older agents.
     */
    volumeCapacityMb: z.int().min(0).optional(),
    drift: z.array(drift).max(50).optional(),
    /**
     * Increases with every status of a stream; a repetition keeps it. The plane ignores a status that is not newer. Older
     * agents send none.
     */
    sequence: z.int().min(1).optional(),
    /** Hash of the status without its drifts, for the comparison of a resync. Older agents send none. */
    hash: text(64).optional(),
  }),
  /** Any envelope with the same tag that is no error: the plane has stored the status. */
  reply: z.looseObject({}),
  deadlineMs: 10_000,
});
