import { type BodyOf, type BundleStatus, drift, type DriftPolicy, driftPolicies } from '@runos/agent-protocol';
import { type PackedKinds, unpackKinds } from '@runos/kube-kinds';
import { type FieldWriter, type InventoryEntry, type KubeObject, unpackObjects } from '@runos/kube-objects';
import { z } from 'zod';

/** An object as our last apply left it, in hashes: enough to detect drift later. */
export interface AppliedObject {
  readonly uid: string;
  /** Hash of the owned fields and their live values. */
  readonly ownedHash: string;
  /** Hash of the rendered object that was applied. */
  readonly desiredHash: string;
  /** We created it and have not applied to it since. */
  readonly created?: boolean;
}

/** A foreign change of one object, and the action on it. */
export type Drift = NonNullable<BodyOf<typeof BundleStatus>['drift']>[number];

/** Observed state, written from time to time. Losing it costs one more apply per object. */
export interface Checkpoint {
  readonly applied: Readonly<Record<string, AppliedObject>>;
  /** Hash of the last status that the plane acknowledged. */
  readonly acknowledgedStatus?: string | undefined;
  /** The last revision whose ready status the plane acknowledged. */
  readonly readyRevision?: number;
  /** Message about lost data. It is reported until the next change of the bundle. */
  readonly dataLoss?: string | undefined;
  /** The uids of claims, by name, whose replacement is a loss of data. */
  readonly claims?: Readonly<Record<string, string>> | undefined;
  /** Drifts that the plane has not acknowledged. */
  readonly drifts?: readonly Drift[];
  /** What others have added beside our fields, as it was reported. */
  readonly additions?: readonly string[] | undefined;
}

/** The stored state of one instance. It survives restarts of the agent and outages of the plane. */
export interface BundleRecord {
  readonly osid: string;
  readonly generation: number;
  readonly revision: number;
  readonly digest: string;
  readonly driftPolicy: DriftPolicy;
  /** Fields that the user leaves to other field managers. Absent: none. */
  readonly allowedWriters?: readonly FieldWriter[] | undefined;
  /** Identifies the list, as the plane names it. */
  readonly writersDigest?: string | undefined;
  /** The user accepts that this revision ends pods whose data is lost with them. */
  readonly acceptDataLoss?: boolean | undefined;
  /** A tombstone: all objects of the inventory must be deleted. */
  readonly removing: boolean;
  /** The revision of a deletion that the plane may be reverting. A later process of the agent holds it again. */
  readonly heldDeletion?: number | undefined;
  /** Trace of the request that wrote this revision. Reconciles continue it. */
  readonly trace?: Readonly<Record<string, string>>;
  /** All objects of this bundle, and those of earlier ones whose deletion is not proven. */
  readonly inventory: readonly InventoryEntry[];
  /** Gzipped canonical JSON of the objects; empty for a tombstone. */
  readonly objectsGz: Buffer;
  /** What is known of the custom resources among the objects; absent for a bundle without any. */
  readonly kinds?: PackedKinds;
  /** The spec of this revision as the plane has sealed it; only the plane can read it. */
  readonly sealedSpec?: string;
  readonly checkpoint: Checkpoint;
}

export const emptyCheckpoint: Checkpoint = { applied: {} };

/** The record of an instance without a stored bundle. Its revision is 0. */
export const emptyRecord = (osid: string): BundleRecord => ({
  osid,
  generation: 0,
  revision: 0,
  digest: '',
  driftPolicy: 'repair',
  removing: false,
  inventory: [],
  objectsGz: Buffer.alloc(0),
  checkpoint: emptyCheckpoint,
});

/** Label of bundle Secrets. Not that of managed objects, because the agent must not watch its own Secrets. */
export const bundleLabel = { name: 'runos.com/bundle', value: 'true' } as const;

export const bundleSecretName = (osid: string): string => `bundle-${osid}`;

export function toSecret(record: BundleRecord, namespace: string): KubeObject {
  const { objectsGz, checkpoint, kinds, sealedSpec, ...bundle } = record;
  const data = {
    record: Buffer.from(JSON.stringify(bundle)),
    checkpoint: Buffer.from(JSON.stringify(checkpoint)),
    ...(objectsGz.length > 0 ? { objects: objectsGz } : {}),
    ...(kinds === undefined ? {} : { kinds: Buffer.from(JSON.stringify(kinds)) }),
    ...(sealedSpec === undefined ? {} : { sealedSpec: Buffer.from(sealedSpec) }),
  };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'runos.com/bundle',
    metadata: {
      name: bundleSecretName(record.osid),
      namespace,
      labels: { [bundleLabel.name]: bundleLabel.value },
    },
    data: Object.fromEntries(Object.entries(data).map(([key, bytes]) => [key, bytes.toString('base64')])),
  };
}

export const StoredInventory = z.array(
  z.object({
    apiVersion: z.string(),
    kind: z.string(),
    namespace: z.string().optional(),
    name: z.string(),
    uid: z.string().optional(),
  }),
);

const StoredBundle = z.object({
  osid: z.string(),
  generation: z.number(),
  revision: z.number(),
  digest: z.string(),
  driftPolicy: z.enum(driftPolicies),
  allowedWriters: z
    .array(z.object({ manager: z.string(), kind: z.string(), fields: z.array(z.string()) }))
    .optional()
    .catch(undefined),
  writersDigest: z.string().optional(),
  acceptDataLoss: z.boolean().optional(),
  removing: z.boolean(),
  heldDeletion: z.number().optional(),
  trace: z.record(z.string(), z.string()).optional(),
  inventory: StoredInventory,
});

const StoredKinds = z.object({ kindsGz: z.string(), kindsDigest: z.string() });

const StoredCheckpoint = z.object({
  applied: z.record(
    z.string(),
    z.object({
      uid: z.string(),
      ownedHash: z.string(),
      desiredHash: z.string(),
      created: z.boolean().optional(),
    }),
  ),
  acknowledgedStatus: z.string().optional(),
  readyRevision: z.number().optional(),
  dataLoss: z.string().optional(),
  claims: z.record(z.string(), z.string()).optional(),
  drifts: z.array(drift).optional(),
  additions: z.array(z.string()).optional(),
});

/**
 * Parses a bundle Secret. An unreadable checkpoint counts as empty, and so do unreadable allowed writers.
 * @throws Error if the Secret is no bundle or its objects do not match its digest.
 */
export function fromSecret(secret: KubeObject): BundleRecord {
  const { data } = z.object({ data: z.record(z.string(), z.string()) }).parse(secret);
  const bytes = (key: string): Buffer => Buffer.from(data[key] ?? '', 'base64');
  const bundle = StoredBundle.parse(JSON.parse(bytes('record').toString('utf8')));
  if (!bundle.removing) unpackObjects(data['objects'] ?? '', bundle.digest);
  const kinds = parseKinds(bytes('kinds').toString('utf8'));
  const sealedSpec = bytes('sealedSpec').toString('utf8');
  return {
    ...bundle,
    // The next resync brings an unreadable list again.
    writersDigest: bundle.allowedWriters === undefined ? undefined : bundle.writersDigest,
    objectsGz: bytes('objects'),
    ...(kinds === undefined ? {} : { kinds }),
    ...(sealedSpec === '' ? {} : { sealedSpec }),
    checkpoint: parseCheckpoint(bytes('checkpoint').toString('utf8')),
  };
}

/** Undefined for a bundle without kinds. Unreadable ones count as absent: the next resync brings them again. */
function parseKinds(text: string): PackedKinds | undefined {
  if (text === '') return undefined;
  try {
    const kinds = StoredKinds.parse(JSON.parse(text));
    unpackKinds(kinds);
    return kinds;
  } catch {
    return undefined;
  }
}

function parseCheckpoint(text: string): Checkpoint {
  try {
    return StoredCheckpoint.parse(JSON.parse(text));
  } catch {
    return emptyCheckpoint; // written by another version or truncated: every object is applied once
  }
}
