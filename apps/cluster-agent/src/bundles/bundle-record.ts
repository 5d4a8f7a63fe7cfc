import { type BodyOf, type BundleStatus, drift, type DriftPolicy, driftPolicies } from '@runos/agent-protocol';
import { type InventoryEntry, type KubeObject, unpackObjects } from '@runos/kube-objects';
import { z } from 'zod';

/** What an object looked like after our last apply: enough to tell later whether anybody changed it. */
export interface Baseline {
  readonly uid: string;
  /** Over owned fields and their live values. */
  readonly hash: string;
  /** Over the rendered object that was applied. */
  readonly wanted: string;
  /** We created it and have not applied anything to it since. */
  readonly created?: boolean;
}

/** What others did to one object, and what became of it. */
export type Drift = NonNullable<BodyOf<typeof BundleStatus>['drift']>[number];

/** Learnt on the way and written now and then: losing it costs another apply, nothing else. */
export interface Notes {
  readonly baselines: Readonly<Record<string, Baseline>>;
  /** Hash of the status that the plane has acknowledged. */
  readonly acknowledged?: string;
  /** The last revision that the plane has heard to be ready. */
  readonly finished?: number;
  /** What was lost with its data and made again, for people to see until the next change. */
  readonly dataLost?: string;
  /** Not acknowledged by the plane yet. */
  readonly drifts?: readonly Drift[];
}

/** All that is kept of one instance, so that neither a restart nor an outage of the plane loses it. */
export interface BundleRecord {
  readonly osid: string;
  readonly generation: number;
  readonly revision: number;
  readonly digest: string;
  readonly driftPolicy: DriftPolicy;
  /** A tombstone: everything on the inventory is to go. */
  readonly removing: boolean;
  /** Of the write that asked for it: whoever carries it out goes on with that. */
  readonly trace?: Readonly<Record<string, string>>;
  /** Everything that is ours until proven gone: of this bundle and what is left of earlier ones. */
  readonly inventory: readonly InventoryEntry[];
  /** Gzipped canonical JSON of the objects; empty for a tombstone. */
  readonly objectsGz: Buffer;
  readonly notes: Notes;
}

export const noNotes: Notes = { baselines: {} };

/** An instance of which nothing is stored yet. */
export const unborn = (osid: string): BundleRecord => ({
  ...{ osid, generation: 0, revision: 0, digest: '', driftPolicy: 'repair', removing: false },
  ...{ inventory: [], objectsGz: Buffer.alloc(0), notes: noNotes },
});

/** Selects the bundles. Not the label of managed objects: the agent does not watch its own notes. */
export const bundleLabel = { name: 'runos.com/bundle', value: 'true' } as const;

export const bundleSecretName = (osid: string): string => `bundle-${osid}`;

export function toSecret(record: BundleRecord, namespace: string): KubeObject {
  const { objectsGz, notes, ...kept } = record;
  const data = {
    record: Buffer.from(JSON.stringify(kept)),
    notes: Buffer.from(JSON.stringify(notes)),
    ...(objectsGz.length > 0 ? { objects: objectsGz } : {}),
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

const Kept = z.object({
  osid: z.string(),
  generation: z.number(),
  revision: z.number(),
  digest: z.string(),
  driftPolicy: z.enum(driftPolicies),
  removing: z.boolean(),
  trace: z.record(z.string(), z.string()).optional(),
  inventory: z.array(
    z.object({
      apiVersion: z.string(),
      kind: z.string(),
      namespace: z.string().optional(),
      name: z.string(),
      uid: z.string().optional(),
    }),
  ),
});

const KeptNotes = z.object({
  baselines: z.record(
    z.string(),
    z.object({ uid: z.string(), hash: z.string(), wanted: z.string(), created: z.boolean().optional() }),
  ),
  acknowledged: z.string().optional(),
  finished: z.number().optional(),
  dataLost: z.string().optional(),
  drifts: z.array(drift).optional(),
});

/** Throws on a Secret that is no bundle of ours or was changed by others; notes that cannot be read count as none. */
export function fromSecret(secret: KubeObject): BundleRecord {
  const { data } = z.object({ data: z.record(z.string(), z.string()) }).parse(secret);
  const bytes = (key: string): Buffer => Buffer.from(data[key] ?? '', 'base64');
  const kept = Kept.parse(JSON.parse(bytes('record').toString('utf8')));
  if (!kept.removing) unpackObjects(data['objects'] ?? '', kept.digest);
  return { ...kept, objectsGz: bytes('objects'), notes: readNotes(bytes('notes').toString('utf8')) };
}

function readNotes(text: string): Notes {
  try {
    return KeptNotes.parse(JSON.parse(text));
  } catch {
    return noNotes; // written by another version or cut off: everything is compared by applying once
  }
}
