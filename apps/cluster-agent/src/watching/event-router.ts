import { type KubeObject, ownedHash, refKey, refOf } from '@runos/kube-objects';
import { contentHash } from '../drift/content-hash.js';
import type { Instance } from '../instances/instance.js';
import { isKnown, type ObjectState } from '../instances/object-state.js';
import type { Registry } from '../instances/registry.js';
import { observe } from '../instances/settle.js';
import type { VolumeIndex } from '../removal/volume-index.js';
import { claimNamespace, volumeKind } from '../removal/volumes.js';
import type { Dependents } from './dependents.js';
import { kindKey } from './kind-watches.js';

export interface RouterParts {
  readonly registry: Registry;
  readonly dependents: Dependents;
  readonly volumes: VolumeIndex;
  /** Something is to be done for an instance. */
  due(instance: Instance): void;
  /** How an instance is may have changed. */
  changed(instance: Instance): void;
}

/** Turns watch events into things to do. Never waits: a watch must not fall behind. */
export class EventRouter {
  constructor(private readonly parts: RouterParts) {}

  seen(object: KubeObject): void {
    if (object.kind === volumeKind.kind) return this.parts.volumes.seen(object);
    const ref = refOf(object);
    const instance = this.parts.registry.ownerOf(ref);
    if (instance === undefined) return this.parts.dependents.seen(object);
    const key = refKey(ref);
    const state = instance.objects.get(key);
    if (instance.record.removing || state === undefined) return;
    if (state.baseline?.uid === object.metadata.uid && isKnown(state, object.metadata.resourceVersion)) {
      return this.#overtaken(instance, key, state, object);
    }
    if (observe(state, object)) this.#observed(instance, state);
    if (state.ending) {
      if (ref.kind === 'Namespace') instance.namespaceEnding = true;
      return;
    }
    this.#judge(instance, key, state, object);
  }

  gone(object: KubeObject): void {
    if (object.kind === volumeKind.kind) return this.#volumeGone(object);
    const ref = refOf(object);
    const { registry, dependents, due } = this.parts;
    const owner = registry.ownerOf(ref);
    const removing = owner ?? registry.inhabited(ref);
    if (removing?.record.removing) return due(removing);
    if (owner === undefined) return dependents.gone(object);
    this.#missing(owner, refKey(ref));
    due(owner);
  }

  /** A kind has been listed: what we believe to exist and was not in the list is gone. */
  listed(kind: string, keys: ReadonlySet<string>): void {
    if (kind === kindKey(volumeKind)) this.parts.volumes.relisted((name) => keys.has(refKey({ ...volumeKind, name })));
    for (const instance of this.parts.registry.all()) {
      if (instance.record.removing) {
        this.parts.due(instance);
        continue;
      }
      for (const [key, state] of instance.objects) {
        if (kindKey(state.ref) !== kind || keys.has(key) || (!state.baseline && !state.ending)) continue;
        this.#missing(instance, key);
        this.parts.due(instance);
      }
    }
  }

  /** Older than our last apply: news only if it shows what neither that apply nor the one before it made. */
  #overtaken(instance: Instance, key: string, state: ObjectState, object: KubeObject): void {
    if (object.metadata.resourceVersion === state.version || object.metadata.deletionTimestamp) return;
    if (state.previousHash === undefined) return; // made or taken over by our first apply
    const hash = ownedHash(object);
    if (hash === state.baseline?.hash || hash === state.previousHash) return;
    instance.plan(key, { why: 'overtaken', seen: object });
    this.parts.due(instance);
  }

  #judge(instance: Instance, key: string, state: ObjectState, object: KubeObject): void {
    const { baseline } = state;
    if (baseline === undefined) {
      if (!state.problem) {
        state.early = object;
        return;
      }
      // What could not be applied may be possible now that the object is another.
      instance.plan(key, { why: 'apply' });
      return this.parts.due(instance);
    }
    const same = object.metadata.uid === baseline.uid && ownedHash(object) === baseline.hash;
    if (same && state.reportedHash === undefined) return;
    if (same) {
      delete state.deviation;
      delete state.reportedHash;
      return this.parts.changed(instance);
    }
    if (state.reportedHash !== undefined && state.reportedHash === contentHash(object)) return;
    instance.plan(key, { why: 'changed', seen: object });
    this.parts.due(instance);
  }

  /** The last of an instance may be its volumes. */
  #volumeGone(volume: KubeObject): void {
    const { registry, volumes, due } = this.parts;
    volumes.gone(volume);
    const instance = registry.inhabited({ namespace: claimNamespace(volume) });
    if (instance?.record.removing) due(instance);
  }

  #missing(instance: Instance, key: string): void {
    const state = instance.objects.get(key);
    if (state === undefined) return;
    delete state.early;
    state.ending = false;
    if (state.ref.kind === 'Namespace') instance.namespaceEnding = false;
    instance.plan(key, { why: 'missing' });
  }

  #observed(instance: Instance, state: ObjectState): void {
    if (state.health?.state === 'ready') this.parts.dependents.recovered(instance, state.ref);
    this.parts.changed(instance);
  }
}
