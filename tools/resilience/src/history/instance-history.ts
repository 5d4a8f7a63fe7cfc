import type { Operation, RecordedHistory } from './recorded-history.js';
import type { Read } from './ordered-reads.js';

/** `refused`: without effect. `unknown`: takes effect at any time after its start, or never. */
type Outcome = 'acknowledged' | 'refused' | 'unknown';

export interface InstanceWrite extends Read {
  readonly verb: 'create' | 'update' | 'delete';
  readonly outcome: Outcome;
  /** The value of the register. */
  readonly cpuLimitMc: unknown;
  readonly jobId: unknown;
}

export interface InstanceRead extends Read {
  readonly found: boolean;
  /** Undefined for a disconnected instance in a list or a status, which lack the last known one. */
  readonly deleting: boolean | undefined;
  /** The last known one; undefined for an instance that was not found, and where `deleting` is. */
  readonly status?: string | undefined;
  /** Only the body of the instance itself has a spec. */
  readonly spec?: InstanceSpec;
}

/** The desired state of an instance, and which of it was observed. */
interface InstanceSpec {
  readonly cpuLimitMc: unknown;
  readonly generation: number;
  readonly observedGeneration: number;
  /** The agent stores a bundle of another history, and a person must decide. */
  readonly diverged: boolean;
}

/** What was requested of one instance and what was read of it. */
export interface InstanceHistory {
  readonly osid: string;
  readonly writes: InstanceWrite[];
  readonly reads: InstanceRead[];
}

type Body = Readonly<Record<string, unknown>>;

const bodyOf = ({ response }: Operation): Body => Object(response) as Body;
const instancePath = /\/services\/([^/?]+)\/([^/?]+)$/;
const readPath = /\/services\/([^/?]+)\/([^/?]+)(\/status)?$/;
const listPath = /\/services(\?.*)?$/;
const typePath = /\/services\/([^/?]+)$/;

/** The history of each instance, from the requests to the API. */
export function instanceHistories({ operations }: RecordedHistory): InstanceHistory[] {
  const histories = new Map<string, InstanceHistory>();
  const of = (osid: string): InstanceHistory => {
    const known = histories.get(osid) ?? { osid, writes: [], reads: [] };
    histories.set(osid, known);
    return known;
  };
  for (const operation of operations) {
    const write = writeOf(operation);
    if (write !== undefined) of(write.osid).writes.push(write);
    const [, type, id, status] = (operation.method === 'GET' && readPath.exec(operation.path)) || [];
    if (id === undefined || ![200, 404].includes(operation.status ?? 0)) continue;
    of(`${type}-${id}`).reads.push(status === undefined ? readOf(operation) : statusReadOf(operation));
  }
  for (const list of operations.filter(isCompleteList)) addList(list, [...histories.values()], of);
  return [...histories.values()];
}

function writeOf(operation: Operation): (InstanceWrite & { readonly osid: string }) | undefined {
  const { method, path, request, from, to } = operation;
  const { osid, jobId } = bodyOf(operation);
  const outcome = outcomeOf(operation);
  const write = { outcome, from, to, operation, cpuLimitMc: (Object(request) as Body)['cpuLimitMc'], jobId };
  if (method === 'POST' && typePath.test(path) && typeof osid === 'string') return { ...write, verb: 'create', osid };
  const [, type, id] = instancePath.exec(path) ?? [];
  if (id === undefined) return undefined;
  if (method === 'PATCH') return { ...write, verb: 'update', osid: `${type}-${id}` };
  return method === 'DELETE' ? { ...write, verb: 'delete', osid: `${type}-${id}` } : undefined;
}

/** A refusal after an attempt without a response is unknown: that attempt may have succeeded. */
function outcomeOf({ status, attempts }: Operation): Outcome {
  if (status === 202) return 'acknowledged';
  return status !== undefined && status < 500 && attempts === 1 ? 'refused' : 'unknown';
}

function readOf(operation: Operation): InstanceRead {
  const { from, to, status } = operation;
  if (status === 404) return notFound(operation);
  const { cpuLimitMc, generation, observedGeneration, status: state, lastKnownStatus, conditions } = bodyOf(operation);
  const types = ((conditions ?? []) as readonly { readonly type: string }[]).map(({ type }) => type);
  const diverged = types.includes('Diverged');
  const spec = { cpuLimitMc, generation: Number(generation), observedGeneration: Number(observedGeneration), diverged };
  const known = String(lastKnownStatus ?? state);
  return { from, to, operation, found: true, deleting: known === 'deleting', status: known, spec };
}

function statusReadOf(operation: Operation): InstanceRead {
  const { from, to, status } = operation;
  if (status === 404) return notFound(operation);
  return { from, to, operation, found: true, ...lastKnown(String(bodyOf(operation)['state'])) };
}

const notFound = (operation: Operation): InstanceRead => {
  const { from, to } = operation;
  return { from, to, operation, found: false, deleting: false };
};

/** Where only the status is shown, that of a disconnected instance is not known. */
const lastKnown = (status: string): Pick<InstanceRead, 'status' | 'deleting'> =>
  status === 'disconnected' ? { status: undefined, deleting: undefined } : { status, deleting: status === 'deleting' };

const isCompleteList = (operation: Operation): boolean =>
  operation.method === 'GET' &&
  listPath.test(operation.path) &&
  operation.status === 200 &&
  bodyOf(operation)['nextCursor'] === null;

/** A list reads every instance: those that it lacks were not found. */
function addList(list: Operation, known: readonly InstanceHistory[], of: (osid: string) => InstanceHistory): void {
  const { from, to } = list;
  const services = bodyOf(list)['services'] as readonly { readonly osid: string; readonly status: string }[];
  const shown = new Set(services.map(({ osid }) => osid));
  for (const { osid, status } of services) {
    const operation = { ...list, response: { osid, status } };
    of(osid).reads.push({ from, to, operation, found: true, ...lastKnown(status) });
  }
  const absent = { ...list, response: 'not listed' };
  for (const { osid, reads } of known) {
    if (!shown.has(osid)) reads.push({ from, to, operation: absent, found: false, deleting: false });
  }
}
