import { describe, expect, it } from '@jest/globals';
import { checkHistory } from './check-history.js';
import { type Operation, RecordedHistory, type Restore } from './recorded-history.js';
import { describeViolation } from './violation.js';

type Written = Partial<Operation>;

const services = '/acct1/demo/services';
const path = `${services}/valkey/aaaaa`;
const osid = 'valkey-aaaaa';

const operation = (from: number, to: number, method: string, at: string, rest: Written): Operation => {
  const client = 'client at gateway';
  return { client, method, path: at, from, to, attempts: 1, status: method === 'GET' ? 200 : 202, ...rest };
};
const create = (from: number, to: number, cpuLimitMc: number, rest: Written = {}) =>
  operation(from, to, 'POST', `${services}/valkey`, {
    request: { cpuLimitMc },
    response: { osid, jobId: 'c' },
    ...rest,
  });
const update = (from: number, to: number, cpuLimitMc: number, rest: Written = {}) =>
  operation(from, to, 'PATCH', path, { request: { cpuLimitMc }, response: { jobId: `u${cpuLimitMc}` }, ...rest });
const remove = (from: number, to: number, rest: Written = {}) =>
  operation(from, to, 'DELETE', path, { response: { jobId: 'd' }, ...rest });
const read = (from: number, to: number, cpuLimitMc: number, generation: number, rest: object = {}) => {
  const response = {
    cpuLimitMc,
    generation,
    observedGeneration: 0,
    status: 'applying',
    lastKnownStatus: null,
    ...rest,
  };
  return operation(from, to, 'GET', path, { response });
};
const absent = (from: number, to: number, at = path) => operation(from, to, 'GET', at, { status: 404, response: {} });
const list = (from: number, to: number, ...states: string[]) =>
  operation(from, to, 'GET', `${services}?limit=1000`, {
    response: { services: states.map((status) => ({ osid, status })), nextCursor: null },
  });
const job = (from: number, to: number, id: string, status: string, rest: object = {}) =>
  operation(from, to, 'GET', `/jobs/${id}`, { response: { id, status, ...rest } });
const item = (from: number, to: number, status: string) =>
  operation(from, to, 'GET', '/jobs/c/workitems', { response: { workItems: [{ id: 'i', status }] } });
const jobList = (from: number, to: number, nextCursor: string | null, ...ids: string[]) =>
  operation(from, to, 'GET', '/acct1/jobs?limit=20', {
    response: { jobs: ids.map((id) => ({ id, status: 'running' })), nextCursor },
  });
const stream = (from: number, to: number, ...statuses: string[]) =>
  operation(from, to, 'GET', '/jobs/c/stream', {
    events: statuses.map((status) => ({ at: to, event: 'job', data: { id: 'c', status } })),
  });
const streamEnd = (from: number, to: number) => operation(from, to, 'GET', '/jobs/c/stream', { status: 204 });

function rulesOf(operations: readonly Operation[], restores: readonly Restore[] = []): string[] {
  const history = new RecordedHistory();
  history.operations.push(...operations);
  history.restores.push(...restores);
  return [...new Set(checkHistory(history).map(({ rule }) => rule))];
}

const restoreOf = (database: Restore['database'], backupAt: number, from: number, to: number): Restore => ({
  database,
  backupAt,
  from,
  to,
});
const unanswered = { status: undefined };
const refused = { status: 409 };

describe('legal histories', () => {
  const legal: Record<string, readonly [operations: readonly Operation[], restores?: readonly Restore[]]> = {
    'a read of the last write': [[create(0, 1, 1), update(2, 3, 2), read(4, 5, 2, 2)]],
    'a read of either overlapping write': [[create(0, 1, 1), update(2, 6, 2), update(3, 5, 3), read(7, 8, 2, 3)]],
    'reads during a write, of both values': [[create(0, 1, 1), update(2, 9, 2), read(3, 4, 1, 1), read(5, 6, 2, 2)]],
    'a write without an answer that never took effect': [
      [create(0, 1, 1), update(2, 3, 2, unanswered), read(4, 5, 1, 1)],
    ],
    'a write without an answer that took effect late': [
      [create(0, 1, 1), update(2, 3, 2, unanswered), read(4, 5, 1, 1), read(6, 7, 2, 2)],
    ],
    'a refusal after an attempt without an answer': [
      [create(0, 1, 1), update(2, 3, 2, { ...refused, attempts: 2 }), read(4, 5, 2, 2)],
    ],
    'an instance whose create is unknown': [[read(0, 1, 7, 1), update(2, 3, 2), read(4, 5, 2, 2), absent(6, 7)]],
    'a deletion': [
      [create(0, 1, 1), remove(2, 5), absent(3, 4), remove(6, 7, refused), job(8, 9, 'd', 'completed'), absent(10, 11)],
    ],
    'a list that is older than the instance': [
      [list(-9, -8), create(-10, 1, 1), list(-7, -6, 'pending'), list(2, 3, 'pending')],
    ],
    'a deletion in progress': [
      [create(0, 1, 1), remove(2, 3), read(4, 5, 1, 2, { status: 'deleting' }), list(6, 7, 'deleting'), list(8, 9)],
    ],
    'a disconnected instance that is being deleted': [
      [
        create(0, 1, 1),
        remove(2, 3),
        read(4, 5, 1, 2, { status: 'disconnected', lastKnownStatus: 'deleting' }),
        list(6, 7, 'disconnected'),
      ],
    ],
    'a job that a resumed stream follows to its end': [
      [create(0, 1, 1), stream(2, 9, 'pending', 'running'), stream(10, 12, 'completed'), job(13, 14, 'c', 'completed')],
    ],
    'an old status in a response that started earlier': [
      [create(0, 1, 1), job(2, 9, 'c', 'running'), job(3, 4, 'c', 'completed')],
    ],
    'a list that does not reach back': [
      [create(-2, -1, 1), job(0, 1, 'a', 'running'), jobList(2, 3, 'b', 'b'), job(0, 1, 'b', 'running')],
    ],
    'a restored projection whose job ends again': [
      [create(0, 1, 1), job(4, 5, 'c', 'completed'), job(10, 11, 'c', 'running'), job(12, 13, 'c', 'completed')],
      [restoreOf('jobs', 2, 6, 8)],
    ],
    'a restored reconciler with a write that a decision replaced by what the cluster runs': [
      [create(0, 1, 1), update(4, 5, 2), update(13, 14, 3), read(22, 23, 2, 4), update(24, 25, 5), read(26, 27, 5, 5)],
      [restoreOf('reconciler', 3, 10, 20)],
    ],
    'a restored reconciler that lost a write, a create and a deletion': [
      [create(0, 1, 1), update(4, 5, 2), read(6, 7, 2, 2), read(14, 15, 1, 1), update(16, 17, 3), read(18, 19, 3, 2)],
      [restoreOf('reconciler', 3, 10, 12)],
    ],
  };
  it.each(Object.keys(legal))('%s', (name) => {
    const [operations, restores] = legal[name] ?? [[]];
    expect(rulesOf(operations, restores)).toEqual([]);
  });
});

describe('histories with a contradiction', () => {
  const broken: Record<
    string,
    readonly [rule: string, operations: readonly Operation[], restores?: readonly Restore[]]
  > = {
    'a stale read': ['a read returned a replaced value', [create(0, 1, 1), update(2, 3, 2), read(4, 5, 1, 2)]],
    'a write that a later one had replaced': [
      'a read returned a replaced value',
      [create(0, 1, 1), update(2, 3, 2), update(4, 5, 3), read(6, 7, 2, 3)],
    ],
    'a stale read where the create is unknown': [
      'a read returned a replaced value',
      [update(2, 3, 2), read(4, 5, 7, 1)],
    ],
    'a value that was never written': [
      'a read returned the value of no accepted write',
      [create(0, 1, 1), read(2, 3, 9, 1)],
    ],
    'a refused value': [
      'a read returned the value of no accepted write',
      [create(0, 1, 1), update(2, 3, 2, refused), read(4, 5, 2, 2)],
    ],
    'a value before its write': [
      'a read returned the value of a write before the write',
      [create(0, 1, 1), read(2, 3, 2, 2), update(4, 5, 2)],
    ],
    'a generation that decreased': ['the generation decreased', [read(0, 1, 1, 2), read(2, 3, 1, 1)]],
    'an observed generation that decreased': [
      'the observed generation decreased',
      [read(0, 1, 1, 3, { observedGeneration: 2 }), read(2, 3, 1, 3, { observedGeneration: 1 })],
    ],
    'an observed generation from the future': [
      'the observed generation exceeded the generation',
      [read(0, 1, 1, 1, { observedGeneration: 2 })],
    ],
    'one generation with two values': ['one generation had two values', [read(0, 3, 1, 1), read(1, 4, 2, 1)]],
    'a lost create': ['an instance was not found though no deletion was requested', [create(0, 1, 1), absent(2, 3)]],
    'a create that no list has': [
      'an instance was not found though no deletion was requested',
      [create(0, 1, 1), list(2, 3)],
    ],
    'an instance that is gone before its deletion': [
      'an instance was not found though no deletion was requested',
      [create(0, 1, 1), absent(2, 3), remove(4, 5)],
    ],
    'a refused deletion': [
      'an instance was not found though no deletion was requested',
      [create(0, 1, 1), remove(2, 3, refused), absent(4, 5)],
    ],
    'a deletion that was forgotten': [
      'a deleted instance was not being deleted',
      [create(0, 1, 1), remove(2, 3), read(4, 5, 1, 1, { status: 'healthy' })],
    ],
    'a deleted instance that a list shows healthy': [
      'a deleted instance was not being deleted',
      [create(0, 1, 1), remove(2, 3), list(4, 5, 'healthy')],
    ],
    'an instance after the end of its deletion': [
      'an instance was found after its deletion had completed',
      [create(0, 1, 1), remove(2, 3), job(4, 5, 'd', 'completed'), list(6, 7, 'deleting')],
    ],
    'an instance that came back': [
      'an instance went back to an earlier stage of its deletion',
      [create(0, 1, 1), remove(2, 9), absent(3, 4), read(5, 6, 1, 1)],
    ],
    'an acknowledged job that is missing': ['a known job was not found', [create(0, 1, 1), absent(2, 3, '/jobs/c')]],
    'a shown job that is missing': [
      'a known job was not found',
      [jobList(0, 1, null, 'c'), absent(2, 3, '/jobs/c/workitems')],
    ],
    'a job that runs after its end': ['a job went back', [job(0, 1, 'c', 'failed'), job(2, 3, 'c', 'running')]],
    'a job that waits again': ['a job went back', [job(0, 1, 'c', 'running'), job(2, 3, 'c', 'pending')]],
    'a list behind a stream': ['a job went back', [stream(0, 3, 'running', 'completed'), jobList(4, 5, null, 'c')]],
    'a job with two ends': ['a job had two ends', [job(0, 3, 'c', 'failed'), job(1, 2, 'c', 'completed')]],
    'an end whose fields change': [
      'a job had two ends',
      [job(0, 1, 'c', 'failed', { error: 'a' }), job(2, 3, 'c', 'failed', { error: 'b' })],
    ],
    'a work item that went back': ['a work item went back', [item(0, 1, 'completed'), item(2, 3, 'running')]],
    'a work item with two ends': ['a work item had two ends', [item(0, 1, 'completed'), item(2, 3, 'failed')]],
    'a stream that went back': ['a stream went back', [stream(0, 1, 'running', 'pending')]],
    'a stream that continues after the end': [
      'a stream continued after the end of its job',
      [stream(0, 1, 'completed', 'completed')],
    ],
    'a resumed stream with a second end': [
      'a resumed stream ended twice',
      [stream(0, 1, 'completed'), stream(2, 3, 'completed')],
    ],
    'a stream without its end': [
      'a stream ended without the end of its job',
      [stream(0, 1, 'running'), streamEnd(2, 3)],
    ],
    'a list without a job': [
      'a list lacked a job that was read before',
      [job(0, 1, 'c', 'running'), jobList(2, 3, null)],
    ],
    'a page without a job of its range': [
      'a list lacked a job that was read before',
      [job(0, 1, 'b', 'running'), jobList(2, 3, 'a', 'c', 'a')],
    ],
    'a restored projection with another end': [
      'a job had two ends',
      [job(4, 5, 'c', 'completed'), job(10, 11, 'c', 'failed')],
      [restoreOf('jobs', 2, 6, 8)],
    ],
    'a job that goes back within the epoch after a restore': [
      'a job went back',
      [job(10, 11, 'c', 'running'), job(12, 13, 'c', 'pending')],
      [restoreOf('jobs', 2, 6, 8)],
    ],
    'a job that is missing after a restore of the projection': [
      'a known job was not found',
      [create(3, 4, 1), absent(10, 11, '/jobs/c')],
      [restoreOf('jobs', 2, 6, 8)],
    ],
    'a write before the backup that a restore lost': [
      'a read returned a replaced value',
      [create(0, 1, 1), update(2, 3, 2), read(14, 15, 1, 1)],
      [restoreOf('reconciler', 4, 10, 12)],
    ],
    'a write after the restore that is not visible': [
      'a read returned a replaced value',
      [create(0, 1, 1), update(13, 14, 2), read(15, 16, 1, 1)],
      [restoreOf('reconciler', 4, 10, 12)],
    ],
  };
  it.each(Object.keys(broken))('%s', (name) => {
    const [rule, operations, restores] = broken[name] ?? ['', []];
    expect(rulesOf(operations, restores)).toContain(rule);
  });

  it('are described by their operations in order', () => {
    const history = new RecordedHistory();
    history.operations.push(read(4, 5, 1, 1), create(0, 1, 1), update(2, 3, 2));
    expect(checkHistory(history).map(describeViolation)).toEqual([
      [
        'valkey-aaaaa: a read returned a replaced value',
        '  0–1 ms client at gateway: POST /acct1/demo/services/valkey {"cpuLimitMc":1} → 202 {"osid":"valkey-aaaaa","jobId":"c"}',
        '  2–3 ms client at gateway: PATCH /acct1/demo/services/valkey/aaaaa {"cpuLimitMc":2} → 202 {"jobId":"u2"}',
        '  4–5 ms client at gateway: GET /acct1/demo/services/valkey/aaaaa → 200 {"cpuLimitMc":1,"generation":1,"observedGeneration":0,"status":"applying","lastKnownStatus":null}',
      ].join('\n'),
    ]);
  });
});
