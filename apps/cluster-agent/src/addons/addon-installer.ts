import type { APPLY_ADDON, DELETE_ADDON, ReadInputOf, ReplyOf } from '@runos/agent-protocol';
import { Fault, faultOf, unavailable } from '@runos/kernel';
import { KubeError, type KubeClient } from '@runos/kube-client';
import {
  entriesToPrune,
  type InventoryEntry,
  type KubeObject,
  mergeInventory,
  type ObjectRef,
  printRef,
  refKey,
  refOf,
  unpackObjects,
  withoutDeleted,
} from '@runos/kube-objects';
import type { ClusterAgentConfig } from '../config.js';
import type { FencedSecrets } from '../leadership/fenced-secrets.js';
import { inApplyOrder, inDeletionOrder, invalidManifest, isCrd, withAddonLabels } from './addon-manifest.js';
import { AddonObjects } from './addon-objects.js';
import { AddonStore } from './addon-store.js';
import { describeCustomResources } from './custom-resources.js';

type Reply = ReplyOf<typeof APPLY_ADDON>;
type Manifest = NonNullable<ReadInputOf<typeof DELETE_ADDON>['manifest']>;

export interface AddonInstallerOptions {
  readonly client: KubeClient;
  /** They hold the records. */
  readonly secrets: FencedSecrets;
  readonly contents: Exclude<ClusterAgentConfig['addons'], 'none'>;
}

/** The longest reason that a reply can carry. */
const maxReasonLength = 2_048;

const refused = (reason: string): Reply => ({
  accepted: false,
  done: false,
  reason: reason.slice(0, maxReasonLength),
});

/** An accepted reply. The sentences, if any, are its reason. */
const accepted = (done: boolean, sentences: readonly string[] = []): Reply => ({
  accepted: true,
  done,
  ...(sentences.length === 0 ? {} : { reason: sentences.join(' ').slice(0, maxReasonLength) }),
});

/** Installs, changes and removes add-ons. An operator that RunOS has not installed is never touched. */
export class AddonInstaller {
  readonly #store: AddonStore;
  /** The last operation of each add-on. The next one waits for it. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(private readonly options: AddonInstallerOptions) {
    this.#store = new AddonStore(options.secrets);
  }

  applyAddon(input: ReadInputOf<typeof APPLY_ADDON>): Promise<Reply> {
    return this.#exclusive(input.name, () => this.#applyManifest(input));
  }

  removeAddon(input: ReadInputOf<typeof DELETE_ADDON>): Promise<Reply> {
    return this.#exclusive(input.name, () => this.#removeObjects(input));
  }

  async #applyManifest({ name, version, ...manifest }: ReadInputOf<typeof APPLY_ADDON>): Promise<Reply> {
    const desired = this.#desiredObjects(name, readManifest(manifest));
    const refs = desired.map(refOf);
    const objects = new AddonObjects(this.options.client, name);
    const foreign = await objects.findForeign(refs);
    if (foreign !== undefined) return refused(foreign);
    const earlier = await this.#store.find(name);
    const inventory = mergeInventory(earlier?.inventory ?? (await objects.findListed()), refs);
    // Before the first write, so that a removal finds everything that an interrupted installation has applied.
    // The hashes stay those of the last complete apply: if this one is interrupted, what it has changed is damaged.
    await this.#store.save({ ...earlier, name, version, inventory }, earlier === undefined);
    const hashes: Record<string, string> = {};
    for (const object of desired) {
      const hash = await objects.applyObject(object);
      if (hash !== undefined) hashes[refKey(refOf(object))] = hash;
    }
    const obsolete = inDeletionOrder(entriesToPrune(inventory, refs));
    const { deleted, deleting, kept, left } = await deleteObjects(objects, obsolete);
    await this.#store.save(
      { name, version, inventory: withoutDeleted(inventory, [...deleted, ...left]), hashes },
      false,
    );
    return accepted(deleting.length === 0, [...kept, ...describeLeft(left), ...describeDeleting(deleting)]);
  }

  async #removeObjects({ name, manifest }: ReadInputOf<typeof DELETE_ADDON>): Promise<Reply> {
    const objects = new AddonObjects(this.options.client, name);
    const record = await this.#store.find(name);
    const installed = record?.inventory ?? (await findUnrecorded(objects, name, manifest));
    const used = await objects.customResources(installed);
    if (used.count > 0) return refused(`${name} is in use. ${describeCustomResources(used)}. Delete them first.`);
    const { deleting, kept, left } = await deleteObjects(objects, inDeletionOrder(installed));
    if (kept.length > 0) return refused(kept.join(' '));
    if (deleting.length > 0) return accepted(false, describeDeleting(deleting));
    await this.#store.delete(name);
    return accepted(true, describeLeft(left));
  }

  /** The objects to apply, in their order. */
  #desiredObjects(name: string, objects: readonly KubeObject[]): KubeObject[] {
    const selected = this.options.contents === 'crds' ? objects.filter(isCrd) : objects;
    return inApplyOrder(selected).map((object) => withAddonLabels(object, name));
  }

  /** Runs after the previous operation of the add-on. What the API server refuses becomes the reason of the reply. */
  async #exclusive(name: string, work: () => Promise<Reply>): Promise<Reply> {
    const operation = (this.#last.get(name) ?? Promise.resolve()).then(work).catch((thrown: unknown) => {
      const { message } = faultOf(thrown) ?? (thrown instanceof KubeError ? thrown : {});
      if (message === undefined) throw thrown;
      return refused(message);
    });
    const settled = operation.catch(() => undefined);
    this.#last.set(name, settled);
    return operation;
  }
}

/** @throws Fault `request.invalid` if the objects are not those of an add-on */
function readManifest({ digest, objectsGz }: Manifest): KubeObject[] {
  const objects = unpackObjects(objectsGz, digest);
  const reason = invalidManifest(objects);
  if (reason !== undefined) throw new Fault('request.invalid', reason);
  return objects;
}

/**
 * The installed objects of an add-on whose record is missing: it was never installed, or the record is deleted.
 * @throws Fault `unavailable` if there are some, and an older plane has not sent the manifest that names the others
 */
async function findUnrecorded(
  objects: AddonObjects,
  name: string,
  manifest: Manifest | undefined,
): Promise<readonly ObjectRef[]> {
  if (manifest !== undefined) return objects.findInstalled(readManifest(manifest).map(refOf));
  const [first] = await objects.findListed();
  if (first === undefined) return [];
  throw unavailable(
    `The record of ${name} is missing, so not all of its objects are known. ` +
      `One of them is ${printRef(first)}. Install ${name} again, then remove it.`,
  );
}

interface Deletion {
  readonly deleted: InventoryEntry[];
  /** Finalizers, or the content of a namespace, delay the end. */
  readonly deleting: InventoryEntry[];
  /** They have lost the labels of the add-on. */
  readonly left: InventoryEntry[];
  /** A sentence for each CRD that was kept, because its deletion would delete its custom resources. */
  readonly kept: string[];
}

async function deleteObjects(objects: AddonObjects, entries: readonly InventoryEntry[]): Promise<Deletion> {
  const deletion: Deletion = { deleted: [], deleting: [], left: [], kept: [] };
  for (const entry of entries) {
    const used = await objects.customResources([entry]);
    if (used.count > 0) deletion.kept.push(`${printRef(entry)} is kept. ${describeCustomResources(used)}.`);
    else deletion[await objects.delete(entry)].push(entry);
  }
  return deletion;
}

const describeDeleting = (entries: readonly InventoryEntry[]): string[] =>
  entries.length === 0 ? [] : [`Still being deleted: ${entries.map(printRef).join(', ')}.`];

const describeLeft = (entries: readonly InventoryEntry[]): string[] =>
  entries.length === 0
    ? []
    : [
        `Not deleted, because the labels of RunOS were removed: ${entries.map(printRef).join(', ')}. ` +
          'Delete them yourself if they are not used.',
      ];
