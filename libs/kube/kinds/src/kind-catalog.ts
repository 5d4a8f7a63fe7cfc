import { Fault } from '@runos/kernel';
import {
  exclusiveExcept,
  type FieldWriter,
  type KubeObject,
  leftFieldsOf,
  type ObjectRef,
  withoutFields,
} from '@runos/kube-objects';
import { builtInKinds } from './built-in-kinds.js';
import type { CustomKind } from './custom-kind.js';
import { compileCustomKind, exclusiveOf } from './compile-custom-kind.js';
import { judgeReplicas, withDesired } from './desired-replicas.js';
import { type Health, progressing } from './health.js';
import { type ClaimTemplate, isCustomGroup, type Kind, kindKey, type Replicas } from './kind.js';
import { customHealth } from './other-health.js';
import { podValues, type PodValues } from './pod-fields.js';

/** What a live object shows of its state. */
export interface Observation {
  readonly health: Health;
  /** Absent for kinds that have none. */
  readonly replicas?: Replicas;
  /** What the pods that it controls must have. */
  readonly podValues: PodValues;
}

type KindRef = Pick<ObjectRef, 'apiVersion' | 'kind'>;

/** A kind of which nothing is known: it is never recreated, and its health is its Ready or Available condition. */
const unknownKind = ({ apiVersion, kind }: KindRef): Kind => ({
  apiVersion,
  kind,
  resource: '',
  role: isCustomGroup(apiVersion) ? 'workload' : 'other',
  immutablePolicy: 'refuse',
  holdsData: false,
  exclusive: [],
  health: customHealth,
});

const builtIn: ReadonlyMap<string, Kind> = new Map(builtInKinds.map((kind) => [kindKey(kind), kind]));

/** The kinds of one bundle: the built-in ones and the custom kinds that travelled with it. */
export class KindCatalog {
  readonly #custom = new Map<string, Kind>();
  /** The kinds of which a user leaves fields to others. */
  readonly #left = new Map<string, Kind>();

  /**
   * `onInvalid` receives what is wrong with a kind. One whose expressions do not compile, as those of a newer control
   * plane may not, has the health of an unknown kind. Data about a built-in kind is refused, and the built-in one holds.
   * @throws Fault `request.invalid` in both cases, without `onInvalid`
   */
  constructor(custom: readonly CustomKind[] = [], onInvalid: (cause: unknown) => void = rethrow) {
    for (const data of custom) {
      const own = builtIn.get(kindKey(data));
      if (own === undefined) this.#custom.set(kindKey(data), this.#compile(data, onInvalid));
      else onInvalid(declaredTwice(data, own));
    }
  }

  #compile(data: CustomKind, onInvalid: (cause: unknown) => void): Kind {
    try {
      return compileCustomKind(data);
    } catch (cause) {
      onInvalid(cause);
      const { role = 'workload', immutablePolicy, holdsData, resource } = data;
      return { ...unknownKind(data), role, immutablePolicy, holdsData, exclusive: exclusiveOf(data), resource };
    }
  }

  /** The same kinds, with fields that are left to these writers. */
  withWriters(writers: readonly FieldWriter[]): KindCatalog {
    const catalog = new KindCatalog();
    for (const [key, kind] of this.#custom) catalog.#custom.set(key, kind);
    for (const [key, kind] of new Map([...builtIn, ...this.#custom])) {
      const left = leftFieldsOf(kind.kind, writers);
      if (left.patterns.length === 0) continue;
      catalog.#left.set(key, { ...kind, exclusive: exclusiveExcept(kind.exclusive, left), left: left.patterns });
    }
    return catalog;
  }

  /** A rendered object without the fields that are left to others. */
  withoutLeft(rendered: KubeObject): KubeObject {
    return withoutFields(rendered, this.kindOf(rendered).left ?? []);
  }

  /** A kind that neither we nor the control plane describe gets the defaults of an unknown kind. */
  kindOf(ref: KindRef): Kind {
    const key = kindKey(ref);
    return this.#left.get(key) ?? builtIn.get(key) ?? this.#custom.get(key) ?? unknownKind(ref);
  }

  /** Health of a live object. `desired`: its number of replicas, which counts instead of the live spec. */
  healthOf(object: KubeObject, desired?: number): Health {
    if (object.metadata.deletionTimestamp && object.kind !== 'Pod') {
      return progressing('Terminating', `${object.kind} ${object.metadata.name} is being deleted.`);
    }
    const { health, replicas } = this.kindOf(object);
    return judgeReplicas(object, health(object), replicas?.(object), desired);
  }

  /** Desired and ready replicas of a live object; undefined for kinds that have none. */
  replicasOf(object: KubeObject, desired?: number): Replicas | undefined {
    const live = this.kindOf(object).replicas?.(object);
    return live && withDesired(live, desired);
  }

  /** What a live object shows. `desired`: its number of replicas, which counts instead of the live spec. */
  observe(object: KubeObject, desired?: number): Observation {
    const replicas = this.replicasOf(object, desired);
    const values = podValues(this.kindOf(object).podFields ?? [], 'desired', object);
    return { health: this.healthOf(object, desired), ...(replicas && { replicas }), podValues: values };
  }

  /** What a pod has of what its object desires of pods, by the kind of the object that controls it. */
  actualPodValues(owner: KindRef, pod: KubeObject): PodValues {
    return podValues(this.kindOf(owner).podFields ?? [], 'actual', pod);
  }

  /** The claims that controllers make for a rendered object. */
  claimsOf(rendered: KubeObject): readonly ClaimTemplate[] {
    return this.kindOf(rendered).claims?.(rendered) ?? [];
  }

  /** The number of replicas that a rendered object desires; undefined for one that leaves it to others. */
  desiredReplicasOf(rendered: KubeObject): number | undefined {
    return this.kindOf(rendered).desiredReplicas?.(rendered);
  }
}

const declaredTwice = ({ apiVersion, kind }: CustomKind, own: Kind): Fault =>
  new Fault(
    'request.invalid',
    `${apiVersion} ${kind} is declared as data, but ${own.apiVersion} ${own.kind} is built in. Use the built-in kind instead.`,
  );

const rethrow = (cause: unknown): never => {
  throw cause;
};

/** Without custom kinds. */
export const builtInCatalog = new KindCatalog();
