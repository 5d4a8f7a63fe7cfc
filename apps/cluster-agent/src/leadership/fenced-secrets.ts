import type { Fault } from '@runos/kernel';
import { isAlreadyExists, isConflict, isNotFound, type KubeClient, type WriteOptions } from '@runos/kube-client';
import type { KubeObject, ObjectRef } from '@runos/kube-objects';
import type { LeaseTerm } from './lease-term.js';

/** Field manager of the agent's own objects. Objects of instances have another one. */
export const agentManager = 'runos-cluster-agent';

/** Annotation with the fencing token of the last writer. */
const fencingTokenAnnotation = 'runos.com/fencing-token';

/** Annotation of a Secret that was created and never replaced. */
const firstWriteAnnotation = 'runos.com/first-write';

/** A person who writes a Secret as often as this in the time of one save gets an error. */
const maxAttempts = 5;

/** `leaseTransitions` is an int32. Higher numbers in an annotation are a person's. */
const maxToken = 2 ** 30;

/** The fencing token of the last writer; 0 for one without tokens. */
export function fencingTokenOf({ metadata }: KubeObject): number {
  const token = Number(metadata.annotations?.[fencingTokenAnnotation] ?? 0);
  return Number.isInteger(token) && token > 0 && token <= maxToken ? token : 0;
}

export interface SaveOptions {
  readonly signal?: AbortSignal;
  /** The Secret was never stored, so it may be created. */
  readonly isNew?: boolean;
  /** True if the stored Secret has newer content, which must not be overwritten. */
  readonly isNewer?: (stored: KubeObject) => boolean;
}

/**
 * Secrets that only the leader writes. Every write has the resourceVersion of the last known one as its precondition.
 * So a write that arrives after the end of a lease changes nothing. Nothing is created but what was never stored.
 */
export class FencedSecrets {
  /** resourceVersion of each Secret as this agent knows it, by name. */
  readonly #versions = new Map<string, string>();

  constructor(
    private readonly client: KubeClient,
    private readonly namespace: string,
    private readonly term: LeaseTerm,
  ) {}

  refOf(name: string): ObjectRef {
    return { apiVersion: 'v1', kind: 'Secret', namespace: this.namespace, name };
  }

  /** Undefined if it does not exist: then it may be created. */
  async find(name: string): Promise<KubeObject | undefined> {
    const secret = await this.client.find(this.refOf(name));
    if (secret === undefined) this.#versions.delete(name);
    else this.recordRead(secret);
    return secret;
  }

  /** The agent continues with this content of a Secret. */
  recordRead({ metadata: { name, resourceVersion = '' } }: KubeObject): void {
    this.#versions.set(name, resourceVersion);
  }

  /** True for a Secret that a deposed agent has created after the load of a later one, which may have deleted it. */
  isLateCreate(secret: KubeObject): boolean {
    const { earlierLoad } = this.term;
    const { annotations, resourceVersion } = secret.metadata;
    if (earlierLoad === undefined || annotations?.[firstWriteAnnotation] === undefined) return false;
    if (fencingTokenOf(secret) >= earlierLoad.token) return false;
    return Number(resourceVersion) > Number(earlierLoad.resourceVersion);
  }

  /**
   * Replaces the whole Secret, which has no other manager: that costs the API server half of an apply. A change by a
   * person or by an earlier leader is overwritten.
   * @throws Fault `unavailable` if this agent is no longer the leader, or must load the stored Secrets again
   */
  async save(secret: KubeObject, { signal, isNew = false, isNewer }: SaveOptions = {}): Promise<void> {
    const { name } = secret.metadata;
    const options = { fieldManager: agentManager, signal };
    await this.#write(name, isNewer, async () => {
      const version = this.#versions.get(name);
      if (version === undefined && !isNew) throw this.#deleted(name);
      const written =
        version === undefined
          ? await this.client.create(this.#annotated(secret, { [firstWriteAnnotation]: 'true' }), options)
          : await this.#replace(this.#annotated(secret, {}, version), options);
      // A response after the end of the term may belong to a write that the next leader has not seen.
      this.term.assertHeld();
      this.recordRead(written);
    });
  }

  async delete(name: string): Promise<void> {
    await this.#write(name, undefined, async () => {
      await this.client.delete(this.refOf(name), { resourceVersion: this.#versions.get(name) });
      this.#versions.delete(name);
    });
  }

  /** Repeats a write whose precondition has failed, unless another agent is the leader. */
  async #write(name: string, isNewer: SaveOptions['isNewer'], write: () => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      this.term.assertHeld();
      try {
        return await write();
      } catch (thrown) {
        const isOutdated = isConflict(thrown) || isAlreadyExists(thrown);
        if (!isOutdated || attempt === maxAttempts) throw thrown;
      }
      await this.#readAgain(name, isNewer);
    }
  }

  async #replace(secret: KubeObject, options: WriteOptions): Promise<KubeObject> {
    try {
      return await this.client.replace(secret, options);
    } catch (thrown) {
      throw isNotFound(thrown) ? this.#deleted(secret.metadata.name) : thrown;
    }
  }

  async #readAgain(name: string, isNewer: SaveOptions['isNewer']): Promise<void> {
    const stored = await this.client.find(this.refOf(name));
    if (stored === undefined) throw this.#deleted(name);
    const token = fencingTokenOf(stored);
    if (token > this.term.token) throw this.term.end(`Secret ${name} was written by a later leader (${token}).`);
    if (isNewer?.(stored)) throw this.term.end(`Secret ${name} has newer content than this agent knows.`);
    this.recordRead(stored);
  }

  /** Ends the term: the next one loads what is stored then. */
  #deleted(name: string): Fault {
    return this.term.end(`Secret ${name} was deleted.`);
  }

  #annotated(secret: KubeObject, own: Readonly<Record<string, string>>, resourceVersion?: string): KubeObject {
    const annotations = {
      ...secret.metadata.annotations,
      ...own,
      [fencingTokenAnnotation]: String(this.term.token),
    };
    return { ...secret, metadata: { ...secret.metadata, annotations, resourceVersion } };
  }
}
