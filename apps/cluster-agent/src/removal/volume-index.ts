import type { KubeObject } from '@runos/kube-objects';
import { claimNamespace } from './volumes.js';

/** The namespace of each volume's claim. It finds volumes of an instance whose other objects are all deleted. */
export class VolumeIndex {
  readonly #namespaces = new Map<string, string>();
  #synced = false;

  /** False until all volumes of the cluster were listed once. */
  get synced(): boolean {
    return this.#synced;
  }

  set(volume: KubeObject): void {
    const namespace = claimNamespace(volume);
    if (namespace === undefined) this.#namespaces.delete(volume.metadata.name);
    else this.#namespaces.set(volume.metadata.name, namespace);
  }

  delete({ metadata: { name } }: KubeObject): void {
    this.#namespaces.delete(name);
  }

  /** Deletes volumes that were not in a complete list. */
  retain(isListed: (name: string) => boolean): void {
    for (const name of this.#namespaces.keys()) if (!isListed(name)) this.#namespaces.delete(name);
    this.#synced = true;
  }

  namesFor(osid: string): string[] {
    return [...this.#namespaces].flatMap(([name, namespace]) => (namespace === osid ? [name] : []));
  }
}
