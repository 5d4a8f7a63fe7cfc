import type { Clock } from '@runos/kernel';
import type { KubeObject } from '@runos/kube-objects';

/** The definitions of custom resources, without their schemas of up to a megabyte each. */
export const customKinds = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadataOnly: true,
} as const;

/**
 * The API server serves a kind, and lists it in its discovery, only some time after the last event of its definition.
 * Measured: within a second. The later calls are for a busy server.
 */
const callDelaysMs = [0, 1_000, 4_000, 15_000];

/** Calls `onChanged` with the group of each definition that is added, changed or deleted, and some times after that. */
export class CustomKindWatch {
  readonly #calls = new Map<string, AbortController>();

  constructor(
    private readonly clock: Clock,
    private readonly onChanged: (group: string) => void,
  ) {}

  /** `definition`: its name is `<plural>.<group>`. */
  onDefinition({ metadata: { name } }: KubeObject): void {
    const group = name.slice(name.indexOf('.') + 1);
    this.#calls.get(group)?.abort();
    const calls = new AbortController();
    this.#calls.set(group, calls);
    for (const delayMs of callDelaysMs) void this.#call(group, delayMs, calls.signal);
  }

  stop(): void {
    for (const calls of this.#calls.values()) calls.abort();
  }

  async #call(group: string, delayMs: number, signal: AbortSignal): Promise<void> {
    await this.clock.sleep(delayMs, signal);
    if (!signal.aborted) this.onChanged(group);
  }
}
