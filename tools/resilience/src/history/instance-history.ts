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
  /** Undefined for a disconnected instance in a list, whose last known state is not listed. */
  readonly deleting: boolean | undefined;
  /** Undefined in lists, which have no spec. */
  readonly spec?: { readonly cpuLimitMc: unknown; readonly generation: number; readonly observedGeneration: number };
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
    const [, type, id] = (operation.method === 'GET' && instancePath.exec(operation.path)) || [];
    if (id === undefined || ![200, 404].includes(operation.status ?? 0)) continue;
    of(`${type}-${id}`).reads.push(readOf(operation));
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
  if (status === 404) return { from, to, operation, found: false, deleting: false };
  const { cpuLimitMc, generation, observedGeneration, status: state, lastKnownStatus } = bodyOf(operation);
  const spec = { cpuLimitMc, generation: Number(generation), observedGeneration: Number(observedGeneration) };
  return { from, to, operation, found: true, deleting: (lastKnownStatus ?? state) === 'deleting', spec };
}

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
    const deleting = status === 'disconnected' ? undefined : status === 'deleting';
    of(osid).reads.push({ from, to, operation, found: true, deleting });
  }
  const absent = { ...list, response: 'not listed' };
  for (const { osid, reads } of known) {
    if (!shown.has(osid)) reads.push({ from, to, operation: absent, found: false, deleting: false });
  }
}
