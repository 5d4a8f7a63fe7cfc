import type { OperatorStep, OperatorView, SimulatedOperator } from '@runos/catalog-model';
import { type KubeObject, mapAt, mapsIn, numberOf, parseQuantity, textOf } from '@runos/kube-objects';
import { clusterStatus, type Phase, phases, readyPod } from './cluster-status.js';
import {
  instanceClaim,
  instanceName,
  instancePod,
  metadataChange,
  outdatedBecause,
  serialOf,
} from './instance-objects.js';

/** The part of a step that depends on the order in which the operator looks at things. */
type Action = Pick<OperatorStep, 'create' | 'remove'> & { readonly phase?: Phase };

interface Facts extends OperatorView {
  /** An instance is a claim that neither ends nor is lost. */
  readonly claims: readonly KubeObject[];
  readonly desired: number;
  readonly latestSerial: number;
  readonly primary: string | undefined;
}

const newest = (objects: readonly KubeObject[]) => [...objects].sort((a, b) => serialOf(b) - serialOf(a));
const isEnding = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;
const restartPhases: readonly string[] = [phases.primaryInPlace];

/** The operator stops for instances that end. */
function waitForEnding({ pods, object }: Facts): Action | undefined {
  if (!pods.some(isEnding)) return undefined;
  if (restartPhases.includes(textOf(mapAt(object, 'status')['phase']) ?? '')) return {};
  return { phase: [phases.waiting, 'Some instances are not yet active. Please wait.'] };
}

/** A pod that no node takes is replaced at once if it is outdated. Any other pod has to be ready first. */
function replaceUnschedulable({ object, pods }: Facts): Action | undefined {
  const isUnschedulable = (pod: KubeObject) =>
    mapsIn(mapAt(pod, 'status')['conditions']).some(({ reason }) => reason === 'Unschedulable');
  const pod = pods.find((each) => isUnschedulable(each) && outdatedBecause(object, each) !== undefined);
  return pod && { remove: [pod] };
}

/** An instance has its claim for good; its pod may be missing. */
function createMissingPod({ object, pods, claims }: Facts): Action | undefined {
  const claim = claims.find((each) => !pods.some((pod) => serialOf(pod) === serialOf(each)));
  return claim && { create: [instancePod(object, serialOf(claim))] };
}

function createInstance({ object, claims, desired, latestSerial }: Facts): Action | undefined {
  if (claims.length >= desired) return undefined;
  // It makes no empty database where there was one.
  if (claims.length === 0 && latestSerial > 0)
    return { phase: [phases.unrecoverable, 'No pods are active, the cluster needs manual intervention '] };
  const serial = latestSerial + 1;
  const name = instanceName(object, serial);
  return {
    create: [instanceClaim(object, serial), instancePod(object, serial)],
    phase:
      claims.length === 0
        ? [phases.first, `Creating primary instance ${name}`]
        : [phases.replica, `Creating replica ${name}-join`],
  };
}

const waitForReady = ({ pods, claims }: Facts): Action | undefined =>
  pods.filter(readyPod).length < claims.length ? {} : undefined;

function removeInstance({ pods, claims, desired, primary }: Facts): Action | undefined {
  if (claims.length <= desired) return undefined;
  const [pod] = newest(pods).filter(({ metadata }) => metadata.name !== primary);
  return pod && { remove: [pod, ...claims.filter((claim) => serialOf(claim) === serialOf(pod))] };
}

/** Replicas first, the primary last, one at a time. */
function replaceOutdated({ object, pods, primary }: Facts): Action | undefined {
  const isPrimary = ({ metadata }: KubeObject) => metadata.name === primary;
  for (const pod of [...newest(pods).filter((each) => !isPrimary(each)), ...pods.filter(isPrimary)]) {
    const reason = outdatedBecause(object, pod);
    if (reason === undefined) continue;
    const phase: Phase = isPrimary(pod)
      ? [phases.primaryInPlace, reason]
      : [phases.upgrade, `Restarting instance ${pod.metadata.name}, because: ${reason}`];
    return { remove: [pod], phase };
  }
  return undefined;
}

const settle = (): Action => ({ phase: [phases.healthy, ''] });

/** In the order of the operator's own reconcile loop. */
const actions = [
  waitForEnding,
  replaceUnschedulable,
  createMissingPod,
  (facts: Facts) => (facts.claims.length === 0 ? createInstance(facts) : undefined),
  waitForReady,
  createInstance,
  removeInstance,
  replaceOutdated,
  settle,
];

function factsOf(view: OperatorView): Facts {
  const status = mapAt(view.object, 'status');
  const latestSerial = Math.max(numberOf(status['latestGeneratedNode']) ?? 0, 0, ...view.claims.map(serialOf));
  return {
    ...view,
    claims: view.claims.filter((claim) => !isEnding(claim) && mapAt(claim, 'status')['phase'] !== 'Lost'),
    desired: numberOf(mapAt(view.object, 'spec')['instances']) ?? 1,
    latestSerial,
    primary: textOf(status['currentPrimary']),
  };
}

function patchesOf({ object, pods, claims, primary }: Facts): NonNullable<OperatorStep['patch']> {
  const metadata = [...pods, ...claims].map((each) => ({ object: each, by: metadataChange(object, each, primary) }));
  const size = mapAt(object, 'spec', 'storage')['size'];
  const storage = (claim: KubeObject) => textOf(mapAt(claim, 'spec', 'resources', 'requests')['storage']);
  const bytes = (text: unknown) => parseQuantity(textOf(text) ?? '') ?? 0;
  const growth = claims
    .filter((claim) => bytes(storage(claim)) < bytes(size))
    .map((claim) => ({ object: claim, by: { spec: { resources: { requests: { storage: size } } } } }));
  return [...metadata.flatMap(({ by, ...rest }) => (by === undefined ? [] : [{ ...rest, by }])), ...growth];
}

/**
 * CloudNativePG 1.27 as far as pods, claims and the status of its Cluster show it. It initializes and joins without Jobs,
 * and the primary stays the primary: there is no failover and no switchover. Services, Secrets and accounts are missing.
 */
export const cloudNativePg: SimulatedOperator = {
  apiVersion: 'postgresql.cnpg.io/v1',
  kind: 'Cluster',
  fieldManager: 'manager',
  label: 'cnpg.io/cluster',
  reconcile(view) {
    if (view.object.metadata.annotations?.['cnpg.io/reconciliationLoop'] === 'disabled') return {};
    const facts = factsOf(view);
    let action: Action | undefined;
    for (const each of actions) if ((action = each(facts))) break;
    const { phase, ...changes } = action ?? {};
    const serial = changes.create?.length === 2 ? facts.latestSerial + 1 : facts.latestSerial;
    return { status: clusterStatus(facts, serial, phase), patch: patchesOf(facts), ...changes };
  },
};
