import { expect, it } from '@jest/globals';
import { propertySeed } from '@runos/testing-basics';
import fc from 'fast-check';
import { checkHistory } from './check-history.js';
import { type Operation, RecordedHistory } from './recorded-history.js';

fc.configureGlobal({ seed: propertySeed() });

/** A step of a client, with the times from request to effect and from effect to response. */
interface Step {
  readonly verb: (typeof verbs)[number];
  readonly before: number;
  readonly after: number;
}

const verbs = [
  'update',
  'lost update',
  'unanswered update',
  'read',
  'status',
  'list',
  'delete',
  'job',
  'progress',
  'loss',
] as const;
const path = '/acct1/demo/services/valkey/aaaaa';
const statuses = ['pending', 'running', 'completed'] as const;

/**
 * The operations of clients against one instance whose steps take effect one after the other, each at one moment between
 * request and response. This is linearizable by construction.
 */
function interleave(steps: readonly Step[]): Operation[] {
  const state = { value: 0, generation: 1, observed: 0, stage: 'present', status: 'pending', job: 0 };
  const first = { client: 'load', method: 'POST', path: '/acct1/demo/services/valkey', from: -1_000, to: -999 };
  const created = { request: { cpuLimitMc: 0 }, status: 202, response: { osid: 'valkey-aaaaa', jobId: 'job' } };
  const seen = { cpuLimitMc: 0, generation: 1, observedGeneration: 0, status: 'pending' };
  const operations: Operation[] = [
    { ...first, ...created, attempts: 1 },
    { ...first, method: 'GET', path, from: -998, to: -997, attempts: 1, status: 200, response: seen },
  ];
  steps.forEach(({ verb, before, after }, n) => {
    const at = n * 10;
    const about = { client: 'client', path, from: at - before, to: at + after, attempts: 1 };
    const write = (effect: boolean, status: number | undefined) => {
      if (effect && state.stage === 'present') {
        const status = state.status === 'pending' ? 'pending' : 'applying';
        Object.assign(state, { value: n + 1, generation: state.generation + 1, status });
      }
      const accepted = state.stage === 'present' ? status : 409;
      operations.push({ ...about, method: 'PATCH', request: { cpuLimitMc: n + 1 }, status: accepted, response: {} });
    };
    const read = (at: string, status: number, response: unknown) =>
      operations.push({ ...about, path: at, method: 'GET', status, response });
    const shown = state.stage === 'deleting' ? 'deleting' : state.status;
    switch (verb) {
      case 'update':
        return write(true, 202);
      case 'unanswered update':
        return write(true, undefined);
      case 'lost update':
        return write(false, undefined);
      case 'read': {
        const { value, generation, observed } = state;
        const spec = { cpuLimitMc: value, generation, observedGeneration: observed, status: shown };
        return state.stage === 'gone' ? read(path, 404, {}) : read(path, 200, spec);
      }
      case 'status':
        return read(`${path}/status`, state.stage === 'gone' ? 404 : 200, { state: shown });
      case 'list': {
        const services = state.stage === 'gone' ? [] : [{ osid: 'valkey-aaaaa', status: shown }];
        return read('/acct1/demo/services?limit=9', 200, { services, nextCursor: null });
      }
      case 'delete':
        if (state.stage === 'present') state.stage = 'deleting';
        return operations.push({
          ...about,
          method: 'DELETE',
          status: state.stage === 'gone' ? 404 : 202,
          response: {},
        });
      case 'job':
        return read('/jobs/job', 200, { id: 'job', status: statuses[state.job] });
      case 'progress':
        state.job = Math.min(state.job + 1, 2);
        state.observed = state.generation;
        state.status = 'healthy';
        if (state.stage === 'deleting') state.stage = 'gone';
        return;
      case 'loss':
        if (state.status === 'healthy') state.status = 'degraded';
    }
  });
  return operations;
}

const step = fc.record({
  verb: fc.constantFrom(...verbs, 'read' as const, 'read' as const),
  before: fc.integer({ min: 1, max: 60 }),
  after: fc.integer({ min: 1, max: 60 }),
});

const checked = (operations: readonly Operation[]) => {
  const history = new RecordedHistory();
  history.operations.push(...operations);
  return checkHistory(history);
};

it('every interleaving of atomic operations is legal, in whatever order it was recorded', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer(), (steps, order) => {
      const operations = interleave(steps);
      const rotated = operations.map((_, n) => operations[(n + Math.abs(order)) % operations.length] as Operation);
      expect(checked(rotated)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

it('a read of a replaced value is found in every interleaving', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const sequential = steps.map(({ verb }) => ({ verb, before: 1, after: 1 }));
      const operations = interleave([...sequential, { verb: 'update', before: 1, after: 1 }]);
      fc.pre(operations.at(-1)?.status === 202);
      const from = (steps.length + 1) * 10;
      const response = { cpuLimitMc: 0, generation: 99, observedGeneration: 0, status: 'healthy' };
      const stale = { client: 'client', method: 'GET', path, from, to: from + 1, attempts: 1, status: 200, response };
      expect(checked([...operations, stale]).map(({ rule }) => rule)).toContain('a read returned a replaced value');
    }),
    { numRuns: 200 },
  );
});
