import type { KubeObject } from '@runos/kube-objects';
import { claimNamespace } from './volumes.js';

/** Which volumes were made for which namespace: the only trace of an instance when all else of it is gone. */
export class VolumeIndex {
  readonly #namespaces = new Map<string, string>();
  #listed = false;

  /** False until all volumes of the cluster were listed once. */
  get listed(): boolean {
    return this.#listed;
  }

  seen(volume: KubeObject): void {
    const namespace = claimNamespace(volume);
    if (namespace === undefined) this.#namespaces.delete(volume.metadata.name);
    else this.#namespaces.set(volume.metadata.name, namespace);
  }

  gone({ metadata: { name } }: KubeObject): void {
    this.#namespaces.delete(name);
  }

  /** `exists`: whether a volume of that name was in the list. */
  relisted(exists: (name: string) => boolean): void {
    for (const name of this.#namespaces.keys()) if (!exists(name)) this.#namespaces.delete(name);
    this.#listed = true;
  }

  namesFor(osid: string): string[] {
    return [...this.#namespaces].flatMap(([name, namespace]) => (namespace === osid ? [name] : []));
  }
}
