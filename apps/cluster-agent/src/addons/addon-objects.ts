import { unavailable } from '@runos/kernel';
import { type KubeClient, KubeError } from '@runos/kube-client';
import { type KubeObject, mergeInventory, type ObjectRef, ownedHash, printRef, refOf } from '@runos/kube-objects';
import { ObjectApplier } from '../apply/object-applier.js';
import { isCrd, isOfAddon, listedKinds, selectorOf } from './addon-manifest.js';
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

  /** The first of these objects that exists and was not installed for this add-on. */
  async findForeign(refs: readonly ObjectRef[]): Promise<ObjectRef | undefined> {
    for (const ref of refs) {
      const live = await this.#find(ref);
      if (live !== undefined && !isOfAddon(live, this.addon)) return ref;
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

  /** True if the object does not exist any more, or is no longer of this add-on: then it stays. */
  async delete(ref: ObjectRef): Promise<boolean> {
    const live = await this.#find(ref);
    if (live === undefined || !isOfAddon(live, this.addon)) return true;
    const { uid, deletionTimestamp } = live.metadata;
    if (deletionTimestamp !== undefined) return false;
    // Foreground: the operator's pods have ended when the Deployment is gone.
    const propagation = ref.kind === 'Deployment' ? 'Foreground' : 'Background';
    const deleted = this.client.delete(ref, { uid, propagation });
    return (await about(`Cannot delete ${printRef(ref)}`, deleted)) === 'deleted';
  }

  /** The custom resources of all CRDs among these objects. */
  async customResources(refs: readonly ObjectRef[]): Promise<CustomResources> {
    const found = refs
      .filter(isCrd)
      .map((crd) => about(`Cannot list the custom resources of ${printRef(crd)}`, customResourcesOf(this.client, crd)));
    return sumOf(await Promise.all(found));
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
