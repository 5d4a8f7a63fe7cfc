import type { KubeObject } from '@runos/kube-objects';

/** Events arrive at most this many of our writes late. */
const keptWrites = 8;

const versionOf = ({ metadata: { resourceVersion } }: KubeObject): number => Number(resourceVersion ?? 0);

/** The resourceVersions of our last writes of one object. */
export class OwnWrites {
  #versions: readonly number[] = [];

  record(written: KubeObject): void {
    this.#versions = [...this.#versions, versionOf(written)].slice(-keptWrites);
  }

  /** True if this state is the result of one of them. */
  includes(state: KubeObject): boolean {
    return this.#versions.includes(versionOf(state));
  }

  /** True if one of them is newer than this state. */
  areAfter(state: KubeObject): boolean {
    return versionOf(state) < (this.#versions.at(-1) ?? 0);
  }
}
