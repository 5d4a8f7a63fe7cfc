import { type AddonRecognition, type DetectedAddon, imageTag, maxAddonProblem } from '@runos/agent-protocol';
import type { Clock } from '@runos/kernel';
import { type Informer, type KubeClient, type ResourceEventHandler, startInformer } from '@runos/kube-client';
import {
  fieldManager,
  type KubeObject,
  mapAt,
  mapsIn,
  numberOf,
  ownerLabels,
  refKey,
  refOf,
  textOf,
} from '@runos/kube-objects';
import type { Logger } from '@runos/observability';
import { customKinds } from '../informers/custom-kind-watch.js';
import { recordSelector } from './addon-store.js';
import { AddonVerifier } from './addon-verifier.js';
import { isRepository, parseImage } from './image-reference.js';
import { InstalledObjects } from './installed-objects.js';

export interface AddonWatchOptions {
  readonly client: KubeClient;
  /** Namespace of the records of what the agent installed. */
  readonly namespace: string;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly addons: readonly AddonRecognition[];
  readonly report: (addons: DetectedAddon[]) => void;
  /** An installation or a removal is running. */
  readonly isChanging: () => boolean;
}

/** A CRD or an operator's Deployment that belongs to an add-on. */
interface Evidence {
  readonly addon: string;
  readonly ours: boolean;
  readonly version: string | null;
  /** An operator is rolled out and has an available replica. A CRD is ready when it exists. */
  readonly ready: boolean;
}

type EvidenceOf = (object: KubeObject) => Evidence | undefined;

const deployments = { apiVersion: 'apps/v1', kind: 'Deployment' };

/**
 * Watches CRDs and Deployments for the evidence of these add-ons. Deployments of every namespace are watched, because a
 * user may have installed an operator anywhere. Only the evidence and keys of objects are kept in memory. An add-on of
 * RunOS is not ready while an installed object is lost or changed, so the plane applies it again.
 */
export class AddonWatch {
  readonly #crds = new Map<string, Evidence>();
  readonly #operators = new Map<string, Evidence>();
  readonly #installed = new InstalledObjects();
  readonly #verifier: AddonVerifier;
  readonly #informers: readonly Informer[];
  /** The kinds whose first list is complete. */
  readonly #listed = new Set<string>();
  #reported = '';

  constructor(private readonly options: AddonWatchOptions) {
    const { client, clock, namespace, logger, isChanging } = options;
    this.#verifier = new AddonVerifier({ client, clock, logger, isChanging, onChange: () => this.#reportChange() });
    const records = { apiVersion: 'v1', kind: 'Secret', namespace, labelSelector: recordSelector };
    this.#informers = [
      startInformer(client, customKinds, this.#handler(customKinds.kind, this.#crds, this.#crdEvidence), { clock }),
      startInformer(client, deployments, this.#handler(deployments.kind, this.#operators, this.#operatorEvidence), {
        clock,
      }),
      startInformer(client, records, this.#recordHandler(), { clock }),
    ];
  }

  /** Reports the add-ons, unless the first lists are not complete: then the report follows with them. */
  report(): void {
    if (!this.#isSynced()) return;
    const addons = this.#detectAll();
    this.#reported = JSON.stringify(addons);
    this.options.report(addons);
  }

  /** Resolves when the comparison that runs now has ended. */
  idle(): Promise<void> {
    return this.#verifier.idle();
  }

  /** Compares what is installed now. */
  verify(): void {
    this.#verifier.verifyAll();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#informers.map((informer) => informer.stop()), this.#verifier.stop()]);
  }

  #handler(kind: string, evidence: Map<string, Evidence>, evidenceOf: EvidenceOf): ResourceEventHandler {
    return {
      onAddOrUpdate: (object) => {
        this.#installed.observe(object);
        this.#verifier.observe(object);
        const found = evidenceOf(object);
        const key = refKey(refOf(object));
        if (found === undefined) evidence.delete(key);
        else evidence.set(key, found);
        this.#reportChange();
      },
      onDelete: (object) => {
        this.#installed.forget(object);
        this.#verifier.observe(object);
        evidence.delete(refKey(refOf(object)));
        this.#reportChange();
      },
      onListed: (keys) => {
        this.#installed.retain(kind, keys);
        for (const key of evidence.keys()) if (!keys.has(key)) evidence.delete(key);
        this.#recordListed(kind);
      },
      onWatchError: this.#warn,
    };
  }

  #recordHandler(): ResourceEventHandler {
    return {
      onAddOrUpdate: (secret) => {
        this.#installed.observeRecord(secret);
        this.#verifier.observeRecord(secret);
        this.#reportChange();
      },
      onDelete: (secret) => {
        this.#installed.forgetRecord(secret);
        this.#verifier.forgetRecord(secret);
        this.#reportChange();
      },
      onListed: (keys) => {
        this.#installed.retainRecords(keys);
        this.#verifier.retainRecords(keys);
        this.#recordListed('Secret');
      },
      onWatchError: this.#warn,
    };
  }

  readonly #warn = (err: unknown): void => this.options.logger.warn({ err }, 'add-ons cannot be detected; retrying');

  #recordListed(kind: string): void {
    this.#listed.add(kind);
    this.#reportChange();
  }

  #reportChange(): void {
    if (this.#isSynced() && JSON.stringify(this.#detectAll()) !== this.#reported) this.report();
  }

  readonly #crdEvidence: EvidenceOf = (object) => {
    const { name, deletionTimestamp } = object.metadata;
    const addon = this.options.addons.find(({ crd }) => crd === name);
    if (addon === undefined || deletionTimestamp !== undefined) return undefined;
    return { addon: addon.name, ours: isManagedByRunos(object), version: versionIn(object, addon), ready: true };
  };

  readonly #operatorEvidence: EvidenceOf = (object) => {
    for (const container of mapsIn(mapAt(object, 'spec', 'template', 'spec')['containers'])) {
      const image = parseImage(textOf(container['image']) ?? '');
      const addon = this.options.addons.find((each) => each.image !== '' && isRepository(image, each.image));
      if (addon === undefined) continue;
      return { addon: addon.name, ours: isManagedByRunos(object), version: image.tag, ready: isAvailable(object) };
    }
    return undefined;
  };

  #isSynced(): boolean {
    return this.#listed.size === this.#informers.length;
  }

  #detectAll(): DetectedAddon[] {
    return this.options.addons.map((addon) => this.#detect(addon));
  }

  /** Of several operators the user's counts, because RunOS must not change it. */
  #detect({ name }: AddonRecognition): DetectedAddon {
    const crd = [...this.#crds.values()].find(({ addon }) => addon === name);
    if (crd === undefined) return { name, present: false, ours: false, version: null, ready: false };
    const operators = [...this.#operators]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, operator]) => operator)
      .filter(({ addon }) => addon === name);
    const operator = operators.find(({ ours }) => !ours) ?? operators[0];
    const { ours, version, ready } = operator ?? crd;
    if (!ours) return { name, present: true, ours, version, ready };
    const problem = this.#verifier.problemOf(name);
    const isIntact = this.#installed.isComplete(name) && problem?.isDamage !== true;
    return {
      name,
      present: true,
      ours,
      version,
      ready: ready && isIntact,
      ...(problem && { problem: problem.message.slice(0, maxAddonProblem).toWellFormed() }),
    };
  }
}

const isManagedByRunos = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.[ownerLabels.managedBy] === fieldManager;

/** The version in the metadata of a CRD, without the `v` of its tag: `v1.4.1` is 1.4.1. */
function versionIn({ metadata: { labels, annotations } }: KubeObject, { versionKey }: AddonRecognition): string | null {
  if (versionKey === undefined) return null;
  const version = (annotations?.[versionKey] ?? labels?.[versionKey])?.replace(/^v(?=\d)/, '');
  return imageTag.safeParse(version).data ?? null;
}

/** As `kubectl rollout status`: a pod of an earlier template is no proof that the operator can start. */
function isAvailable(deployment: KubeObject): boolean {
  const status = mapAt(deployment, 'status');
  const count = (field: string) => numberOf(status[field]) ?? 0;
  const isObserved = count('observedGeneration') >= (deployment.metadata.generation ?? 0);
  return isObserved && count('updatedReplicas') === count('replicas') && count('availableReplicas') > 0;
}
