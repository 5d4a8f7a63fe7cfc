import { type KubeObject, refKey, refOf } from '@runos/kube-objects';
import { addonRecordOf } from './addon-store.js';

/** The kinds whose existence is compared; the loss of any other kind is not noticed. */
const comparedKinds: readonly string[] = ['CustomResourceDefinition', 'Deployment'];

interface Installed {
  readonly addon: string;
  /** Keys of the recorded objects of the compared kinds. */
  readonly keys: readonly string[];
}

/** Compares the objects that the agent has recorded for its add-ons with those that exist. Only keys are kept. */
export class InstalledObjects {
  readonly #existing = new Map(comparedKinds.map((kind) => [kind, new Set<string>()]));
  /** By the key of the Secret with the record. */
  readonly #installed = new Map<string, Installed>();

  /** An object of a compared kind. While it is being deleted it counts as lost. */
  observe(object: KubeObject): void {
    const key = refKey(refOf(object));
    if (object.metadata.deletionTimestamp === undefined) this.#existing.get(object.kind)?.add(key);
    else this.#existing.get(object.kind)?.delete(key);
  }

  forget(object: KubeObject): void {
    this.#existing.get(object.kind)?.delete(refKey(refOf(object)));
  }

  /** The list of a kind is complete: nothing else of it exists. */
  retain(kind: string, keys: ReadonlySet<string>): void {
    const existing = this.#existing.get(kind);
    for (const key of existing ?? []) if (!keys.has(key)) existing?.delete(key);
  }

  observeRecord(secret: KubeObject): void {
    const record = addonRecordOf(secret);
    if (record === undefined) return this.forgetRecord(secret);
    const keys = record.inventory.filter(({ kind }) => comparedKinds.includes(kind)).map(refKey);
    this.#installed.set(refKey(refOf(secret)), { addon: record.name, keys });
  }

  forgetRecord(secret: KubeObject): void {
    this.#installed.delete(refKey(refOf(secret)));
  }

  retainRecords(keys: ReadonlySet<string>): void {
    for (const key of this.#installed.keys()) if (!keys.has(key)) this.#installed.delete(key);
  }

  /** True if every recorded object exists. False without a record, because it is unknown which ones are lost. */
  isComplete(addon: string): boolean {
    const all = [...this.#existing.values()];
    const records = [...this.#installed.values()].filter((installed) => installed.addon === addon);
    const keys = records.flatMap((installed) => installed.keys);
    return records.length > 0 && keys.every((key) => all.some((existing) => existing.has(key)));
  }
}
