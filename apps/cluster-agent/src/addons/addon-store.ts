import { type InventoryEntry, type KubeObject, mapAt, textOf } from '@runos/kube-objects';
import { z } from 'zod';
import { StoredInventory } from '../bundles/bundle-record.js';
import type { FencedSecrets } from '../leadership/fenced-secrets.js';

/** What the agent installed of an add-on. It survives restarts of the agent. */
export interface AddonRecord {
  readonly name: string;
  readonly version: string;
  /** All objects of this version, and those of earlier ones whose deletion is not proven. */
  readonly inventory: readonly InventoryEntry[];
  /** The owned hash of each object after its last apply, by its key. Missing in records of older agents. */
  readonly hashes?: Readonly<Record<string, string>> | undefined;
}

const StoredAddon = z.object({
  name: z.string(),
  version: z.string(),
  inventory: StoredInventory,
  hashes: z.record(z.string(), z.string()).optional(),
});

/** Not the label of bundles, which are loaded at start. */
const recordLabels = { 'runos.com/addon-record': 'true' };

/** Selects the Secrets with records. */
export const recordSelector = 'runos.com/addon-record=true';

/** The record in a Secret, or undefined if it is damaged. */
export function addonRecordOf(secret: KubeObject): AddonRecord | undefined {
  try {
    return readRecord(secret);
  } catch {
    return undefined;
  }
}

function readRecord(secret: KubeObject): AddonRecord {
  const record = Buffer.from(textOf(mapAt(secret, 'data')['record']) ?? '', 'base64').toString('utf8');
  return StoredAddon.parse(JSON.parse(record));
}

/** Stores the record of each add-on in one Secret of the agent's namespace. */
export class AddonStore {
  constructor(private readonly secrets: FencedSecrets) {}

  /** Undefined for an add-on that is not installed, or whose record was deleted or damaged by hand. */
  async find(name: string): Promise<AddonRecord | undefined> {
    const secret = await this.secrets.find(secretName(name));
    return secret === undefined ? undefined : addonRecordOf(secret);
  }

  /** `isNew`: `find` has found none. */
  async save(record: AddonRecord, isNew: boolean): Promise<void> {
    const { apiVersion, kind, namespace, name } = this.secrets.refOf(secretName(record.name));
    const secret: KubeObject = {
      apiVersion,
      kind,
      type: 'runos.com/addon',
      metadata: { name, namespace, labels: recordLabels },
      data: { record: Buffer.from(JSON.stringify(record)).toString('base64') },
    };
    await this.secrets.save(secret, { isNew });
  }

  async delete(name: string): Promise<void> {
    await this.secrets.delete(secretName(name));
  }
}

const secretName = (addon: string): string => `addon-${addon}`;
