import { type KubeObject, mapAt, parseQuantity, textOf } from '@runos/kube-objects';
import { degraded, type Health, progressing, ready, sentence } from './health.js';
import { conditionOf, type ObjectCondition } from './object-conditions.js';

/** The storage of a bound claim, bytes, and how far its growth is. */
export interface ClaimSize {
  readonly requested: number;
  /** What the storage driver works on; undefined before it has begun. */
  readonly allocated: number | undefined;
  /** What the volume really has. */
  readonly capacity: number;
  /** `ready` if the volume has what is requested, `degraded` if the storage driver has refused; without a remedy. */
  readonly health: Health;
}

/** Bytes in MiB, rounded up. */
export const toMebibytes = (bytes: number): number => Math.ceil(bytes / 2 ** 20);

/** Bytes as a quantity in MiB. */
export const printStorage = (bytes: number): string => `${toMebibytes(bytes)}Mi`;

/** Conditions of a claim whose growth has failed; the last error is their message (KEP-1790). */
const failures = ['ControllerResizeError', 'NodeResizeError'];
/** Conditions of a claim that is growing; the later step first. */
const steps = ['FileSystemResizePending', 'Resizing'];

/** Undefined for a claim that is not bound or is being deleted. */
export function claimSizeOf(claim: KubeObject): ClaimSize | undefined {
  const status = mapAt(claim, 'status');
  if (claim.metadata.deletionTimestamp !== undefined || textOf(status['phase']) !== 'Bound') return undefined;
  const requested = parseQuantity(mapAt(claim, 'spec', 'resources', 'requests')['storage']);
  const capacity = parseQuantity(mapAt(status, 'capacity')['storage']);
  if (requested === undefined || capacity === undefined) return undefined;
  const size = { requested, allocated: parseQuantity(mapAt(status, 'allocatedResources')['storage']), capacity };
  return { ...size, health: capacity >= requested ? ready() : resizeHealth(claim, size) };
}

function resizeHealth(claim: KubeObject, { requested, allocated, capacity }: Omit<ClaimSize, 'health'>): Health {
  const sizes =
    `Claim ${claim.metadata.name} requests ${printStorage(requested)}, ` +
    `${allocated === undefined ? 'nothing' : printStorage(allocated)} is allocated, ` +
    `and its volume has ${printStorage(capacity)}`;
  const isSet = (type: string): ObjectCondition[] => {
    const condition = conditionOf(claim, type);
    return condition?.status === 'True' ? [condition] : [];
  };
  const state = textOf(mapAt(claim, 'status', 'allocatedResourceStatuses')['storage']) ?? '';
  const [failure] = failures.flatMap(isSet);
  if (failure !== undefined || state.endsWith('Infeasible')) {
    const why = failure?.message || `the storage driver reports ${state}`;
    return degraded(failure?.type ?? state, `${sizes}: ${sentence(why)}`);
  }
  const [step] = steps.flatMap(isSet);
  if (step === undefined) {
    return progressing(state || 'ResizePending', `${sizes}: its storage driver has not grown the volume yet.`);
  }
  const why = step.message || `its condition is ${step.type}`;
  return progressing(step.type, `${sizes}: ${sentence(why)}`);
}
