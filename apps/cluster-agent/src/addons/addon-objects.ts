import { unavailable } from '@runos/kernel';
import { type KubeClient, KubeError } from '@runos/kube-client';
import {
  type KubeObject,
  mergeInventory,
  type ObjectRef,
  ownedFields,
  ownedHash,
  printRef,
  refOf,
} from '@runos/kube-objects';
import { ObjectApplier } from '../apply/object-applier.js';
import { isCrd, isOfAddon, listedKinds, restoreLabels, selectorOf } from './addon-manifest.js';
import { type CustomResources, customResourcesOf, sumOf } from './custom-resources.js';

/** The objects of one add-on in the cluster. Every refusal is a Fault `unavailable` that names the object. */
export class AddonObjects {
  readonly #applier: ObjectApplier;

  constructor(
    private readonly client: KubeClient,
    private readonly addon: string,
  ) {
    this.#applier = new ObjectApplier(client);
  }

  /** Why none of these objects may be written: the first one that exists without the labels of this add-on. */
  async findForeign(refs: readonly ObjectRef[]): Promise<string | undefined> {
    for (const ref of refs) {
      const live = await this.#find(ref);
      if (live !== undefined && !isOfAddon(live, this.addon)) return this.#describeForeign(ref, live);
    }
    return undefined;
  }

  /** Every CRD and Deployment in the cluster that was installed for this add-on. */
  async findListed(): Promise<ObjectRef[]> {
    const labelSelector = selectorOf(this.addon);
    const lists = listedKinds.map(async (kind) => {
      const selection = { ...kind, labelSelector, metadataOnly: true };
      return about(`Cannot list objects of the kind ${kind.kind}`, this.client.list(selection));
    });
    return (await Promise.all(lists)).flat().map(refOf);
  }

  /** Those of these objects that exist and were installed for this add-on, and those of `findListed`. */
  async findInstalled(refs: readonly ObjectRef[]): Promise<ObjectRef[]> {
    const found = await Promise.all(refs.map((ref) => this.#find(ref)));
    const ours = refs.filter((_, index) => {
      const live = found[index];
      return live !== undefined && isOfAddon(live, this.addon);
    });
    return mergeInventory(await this.findListed(), ours);
  }

  /** The owned hash of the object after that; undefined if Kubernetes records no fields as ours. */
  async applyObject(object: KubeObject): Promise<string | undefined> {
    const ref = refOf(object);
    const outcome = await about(`Cannot apply ${printRef(ref)}`, this.#applier.applyObject(object));
    switch (outcome.kind) {
      case 'applied':
        return ownedHash(outcome.object);
      case 'stale':
        throw unavailable(`Cannot apply ${printRef(ref)}: it changed in the same moment.`);
      case 'terminating':
        throw unavailable(`Cannot apply ${printRef(ref)}: it is being deleted.`);
      case 'namespaceMissing':
        throw unavailable(`Cannot apply ${printRef(ref)}: its namespace is missing or being deleted.`);
      case 'refused':
        throw unavailable(`Cannot apply ${printRef(ref)}: ${outcome.problem.message}`);
    }
  }

  /** `left`: the object has lost the labels of this add-on, so it may have another owner. */
  async delete(ref: ObjectRef): Promise<'deleted' | 'deleting' | 'left'> {
    const live = await this.#find(ref);
    if (live === undefined) return 'deleted';
    if (!isOfAddon(live, this.addon)) return 'left';
    const { uid, deletionTimestamp } = live.metadata;
    if (deletionTimestamp !== undefined) return 'deleting';
    // Foreground: the operator's pods have ended when the Deployment is gone.
    const propagation = ref.kind === 'Deployment' ? 'Foreground' : 'Background';
    const deleted = this.client.delete(ref, { uid, propagation });
    return (await about(`Cannot delete ${printRef(ref)}`, deleted)) === 'deleted' ? 'deleted' : 'deleting';
  }

  /** The custom resources of all CRDs among these objects. */
  async customResources(refs: readonly ObjectRef[]): Promise<CustomResources> {
    const found = refs
      .filter(isCrd)
      .map((crd) => about(`Cannot list the custom resources of ${printRef(crd)}`, customResourcesOf(this.client, crd)));
    return sumOf(await Promise.all(found));
  }

  /** Our field manager owns fields of an object that RunOS applied, whatever became of its labels. */
  #describeForeign(ref: ObjectRef, live: KubeObject): string {
    if (ownedFields(live) !== undefined) {
      return (
        `The labels of ${printRef(ref)} were removed, which RunOS installed as part of ${this.addon}. ` +
        `RunOS writes no object without them. ${restoreLabels(ref, this.addon)}`
      );
    }
    return (
      `${printRef(ref)} exists and was not installed by RunOS as part of ${this.addon}. ` +
      'An operator that is already in the cluster is never taken over: upgrade it yourself, or remove it.'
    );
  }

  #find(ref: ObjectRef): Promise<KubeObject | undefined> {
    return about(`Cannot read ${printRef(ref)}`, this.client.find(ref, { metadataOnly: true }));
  }
}

/** Puts what failed in front of the API server's words. */
async function about<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof KubeError)) throw cause;
    throw unavailable(`${what}: ${cause.message}`, undefined, cause);
  }
}
