import { builtInCatalog, claimKind } from '@runos/kube-kinds';
import type { KubeObject } from '@runos/kube-objects';
import type { Checkpoint } from '../bundles/bundle-record.js';

/** So many claims of one instance are known at most. */
const maxClaims = 200;

/** The lost data of one instance, and the claims whose replacement would be a loss, also while no agent runs. */
export class DataLosses {
  readonly #uids: Map<string, string>;
  #message: string | undefined;

  /** As the checkpoint has them: claims without an owner, as a StatefulSet makes them, outlive their pods. */
  constructor({ dataLoss, claims = {} }: Pick<Checkpoint, 'dataLoss' | 'claims'>) {
    this.#message = dataLoss;
    this.#uids = new Map(Object.entries(claims));
  }

  /** What was lost last. It is reported until the next change of the bundle. */
  get message(): string | undefined {
    return this.#message;
  }

  /** For the checkpoint. */
  get stored(): Pick<Checkpoint, 'dataLoss' | 'claims'> {
    return { dataLoss: this.#message, claims: Object.fromEntries(this.#uids) };
  }

  record(message: string | undefined): void {
    this.#message = message;
  }

  /** Records a live object; only claims count. `replaced`: the claim that was known by this name is gone. */
  recordObserved(object: KubeObject): 'known' | 'new' | 'replaced' {
    if (object.kind !== claimKind.kind) return 'known';
    const { name, uid, ownerReferences = [] } = object.metadata;
    const known = this.#uids.get(name);
    if (uid === undefined || known === uid) return 'known';
    const holdsData = ownerReferences.length === 0 && builtInCatalog.healthOf(object).reason === 'Bound';
    if (holdsData && (known !== undefined || this.#uids.size < maxClaims)) this.#uids.set(name, uid);
    else this.#uids.delete(name);
    if (known !== undefined) return 'replaced';
    return holdsData ? 'new' : 'known';
  }

  /** Returns true if the claim was known. */
  recordDeleted(name: string): boolean {
    return this.#uids.delete(name);
  }

  /** The names of the known claims that a complete list does not contain. They are not known any more. */
  recordListed(isListed: (name: string) => boolean): string[] {
    const gone = [...this.#uids.keys()].filter((name) => !isListed(name));
    for (const name of gone) this.#uids.delete(name);
    return gone;
  }

  /** The namespace was deleted with all claims, which is reported as such. */
  clearClaims(): void {
    this.#uids.clear();
  }
}
