import { describe, expect, it } from '@jest/globals';
import { checkHistory } from './check-history.js';
import { type AgentReport, type Operation, RecordedHistory, type Restore } from './recorded-history.js';

const services = '/acct1/demo/services';
const path = `${services}/valkey/aaaaa`;
const osid = 'valkey-aaaaa';

/** An operation that lasts for one ms. */
const at = (from: number, method: string, target: string, body: object, rest: Partial<Operation> = {}): Operation => {
  const status = method === 'GET' ? 200 : 202;
  return { client: 'client', method, path: target, from, to: from + 1, attempts: 1, status, response: body, ...rest };
};
const create = at(0, 'POST', `${services}/valkey`, { osid, jobId: 'c' }, { request: { cpuLimitMc: 1 } });
const update = (from: number, jobId: string, rest: Partial<Operation> = {}) =>
  at(from, 'PATCH', path, { jobId }, { request: { cpuLimitMc: from }, ...rest });
/** A read of the instance, by default with the value of the create. An update sets the time of its start. */
const read = (from: number, status: string, generation = 1, observedGeneration = generation, rest: object = {}) =>
  at(from, 'GET', path, { cpuLimitMc: 1, generation, observedGeneration, status, ...rest });
const statusRead = (from: number, state: string) => at(from, 'GET', `${path}/status`, { state });
const job = (from: number, id: string, status: string) => at(from, 'GET', `/jobs/${id}`, { id, status });
const items = (from: number, id: string, ...statuses: string[]) =>
  at(from, 'GET', `/jobs/${id}/workitems`, { workItems: statuses.map((status, n) => ({ id: `${id}${n}`, status })) });
const report = (from: number, ready: boolean, generation = 1): AgentReport => ({
  osid,
  from,
  to: from + 1,
  ready,
  generation,
});
const restore = (backupAt: number, from: number, to: number): Restore => ({
  database: 'reconciler',
  backupAt,
  from,
  to,
});

interface Recorded {
  readonly operations: readonly Operation[];
  readonly reports?: readonly AgentReport[];
  readonly restores?: readonly Restore[];
}

function rulesOf({ operations, reports = [], restores = [] }: Recorded): string[] {
  const history = new RecordedHistory();
  history.operations.push(...operations);
  history.agentReports.push(...reports);
  history.restores.push(...restores);
  return [...new Set(checkHistory(history).map(({ rule }) => rule))];
}

const diverged = { conditions: [{ type: 'Diverged' }] };

describe('legal histories of statuses', () => {
  const legal: Record<string, Recorded> = {
    'an instance that starts, is healthy, degraded, unhealthy and healthy again': {
      operations: [
        create,
        read(2, 'pending', 1, 0),
        statusRead(4, 'pending'),
        read(6, 'applying', 1, 1),
        read(8, 'healthy'),
        statusRead(10, 'degraded'),
        read(12, 'unhealthy'),
        read(14, 'degraded'),
        statusRead(16, 'healthy'),
      ],
    },
    'an instance that is applied at its next generation': {
      operations: [create, read(2, 'healthy'), read(4, 'applying', 2, 1), read(6, 'healthy', 2)],
    },
    'a queued change that is applied when the job before it has ended': {
      operations: [create, read(2, 'healthy', 2, 1), read(4, 'applying', 2, 1), read(6, 'healthy', 2)],
    },
    'an instance that is applied again after the end of its divergence': {
      operations: [create, read(2, 'healthy'), read(4, 'degraded', 1, 1, diverged), read(6, 'applying')],
    },
    'an instance that is pending again because its database was restored': {
      operations: [create, read(4, 'healthy'), read(20, 'pending', 1, 0)],
      restores: [restore(2, 10, 12)],
    },
    'a pending response that started earlier': {
      operations: [create, { ...read(2, 'pending', 1, 0), to: 9 }, read(4, 'healthy')],
    },
    'a disconnected instance': {
      operations: [
        create,
        read(2, 'healthy'),
        statusRead(4, 'disconnected'),
        read(6, 'disconnected', 1, 1, { lastKnownStatus: 'degraded' }),
      ],
    },
    'a degraded instance whose agent does not report ready': {
      operations: [create, read(10, 'degraded'), read(60_000, 'degraded')],
      reports: [report(5, false)],
    },
    'a report of the agent that the plane follows a moment later': {
      operations: [create, read(10, 'degraded'), read(60_000, 'healthy')],
      reports: [report(5, true)],
    },
    'a degraded instance whose agent reports an earlier generation': {
      operations: [create, read(10, 'degraded', 2, 1), read(60_000, 'degraded', 2, 1)],
      reports: [report(5, true)],
    },
    'a diverged instance whose agent reports ready': {
      operations: [create, read(10, 'degraded', 1, 1, diverged), read(60_000, 'degraded', 1, 1, diverged)],
      reports: [report(5, true)],
    },
    'a job that completed with the generation of its write': {
      operations: [
        create,
        job(2, 'c', 'completed'),
        read(4, 'healthy'),
        update(6, 'u'),
        read(8, 'applying', 2, 1, { cpuLimitMc: 6 }),
        job(10, 'u', 'completed'),
        read(12, 'degraded', 2, 2, { cpuLimitMc: 6 }),
      ],
    },
    'a completed job of a write that a restore lost': {
      operations: [create, read(2, 'healthy'), update(6, 'u'), job(8, 'u', 'completed'), read(20, 'healthy')],
      restores: [restore(4, 10, 12)],
    },
    'the work items of a job that has ended': {
      operations: [create, items(2, 'c', 'running', 'pending'), job(4, 'c', 'completed'), items(6, 'c', 'completed')],
    },
    'one key that was sent twice': {
      operations: [
        create,
        update(2, 'u', { key: 'k' }),
        { ...update(2, 'u', { key: 'k' }), to: 9 },
        read(1, 'pending'),
      ],
    },
  };
  it.each(Object.keys(legal))('%s', (name) => {
    expect(rulesOf(legal[name] ?? { operations: [] })).toEqual([]);
  });
});

describe('histories of statuses with a contradiction', () => {
  const broken: Record<string, Recorded & { readonly rule: string }> = {
    'a healthy instance that is pending at the same generation': {
      rule: 'an instance was pending again',
      operations: [create, read(2, 'healthy'), read(4, 'pending')],
    },
    'a status that is pending after a list showed the instance healthy': {
      rule: 'an instance was pending again',
      operations: [
        create,
        statusRead(4, 'pending'),
        at(2, 'GET', `${services}?limit=9`, { services: [{ osid, status: 'healthy' }], nextCursor: null }),
      ],
    },
    'a healthy instance that is applied again at the same generation': {
      rule: 'an instance was applied again at one generation',
      operations: [create, read(2, 'healthy'), read(4, 'applying')],
    },
    'a degraded instance whose agent reports ready': {
      rule: 'an instance stayed degraded though its agent reports ready',
      operations: [create, read(2, 'healthy'), read(10, 'degraded'), read(60_000, 'degraded')],
      reports: [report(5, true)],
    },
    'a job that completed before its creation was observed': {
      rule: 'a job completed without its generation',
      operations: [create, job(2, 'c', 'completed'), read(4, 'applying', 1, 0)],
    },
    'a job that completed before its update was observed': {
      rule: 'a job completed without its generation',
      operations: [
        create,
        read(2, 'healthy'),
        update(4, 'u'),
        job(6, 'u', 'completed'),
        read(8, 'healthy', 2, 1, { cpuLimitMc: 4 }),
      ],
    },
    'a running work item of a completed job': {
      rule: 'a job ended before its work item',
      operations: [create, job(2, 'c', 'completed'), items(4, 'c', 'completed', 'running')],
    },
    'one job for two writes': {
      rule: 'two writes had one job',
      operations: [create, update(2, 'u', { key: 'k' }), update(4, 'u', { key: 'l' })],
    },
    'an empty history': { rule: 'nothing was checked: no write was acknowledged', operations: [] },
    'a history without writes': {
      rule: 'nothing was checked: no write was acknowledged',
      operations: [read(2, 'healthy')],
    },
    'a history without reads': { rule: 'nothing was checked: no read was answered', operations: [create] },
  };
  it.each(Object.keys(broken))('%s', (name) => {
    const { rule, ...recorded } = broken[name] ?? { rule: '', operations: [] };
    expect(rulesOf(recorded)).toContain(rule);
  });
});
