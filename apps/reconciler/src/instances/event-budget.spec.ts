import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createLogger } from '@runos/observability';
import { ClusterLog } from '../clusters/cluster-log.js';
import { type CausedEvent, droppedType, EventBudget } from './event-budget.js';

const event = (n: number, over: Partial<CausedEvent> = {}): CausedEvent => ({
  instanceId: 1,
  cluster: 'abcde/ky3',
  key: `key ${n}`,
  at: '2030-01-01T10:00:00Z',
  type: 'DriftReported',
  object: { apiVersion: 'v1', kind: 'ConfigMap', name: `config-${n}` },
  fields: [],
  manager: null,
  message: `change ${n}`,
  ...over,
});
const events = (count: number, over: (n: number) => Partial<CausedEvent> = () => ({})) =>
  Array.from({ length: count }, (_, n) => event(n, over(n)));

let lines: Record<string, unknown>[];
let budget: EventBudget;
beforeEach(() => {
  jest.useFakeTimers();
  lines = [];
  const write = (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>);
  budget = new EventBudget(new ClusterLog(createLogger({ service: 'spec', level: 'debug', destination: { write } })));
});
afterEach(() => void jest.useRealTimers());

describe('the events of an instance', () => {
  it('are limited per hour; one event counts the dropped ones', () => {
    const { admitted, summaries } = budget.admit(events(25));
    expect(admitted.map(({ key }) => key)).toEqual(events(20).map(({ key }) => key));
    expect(summaries).toHaveLength(1);
    const next = budget.admit(events(5 + 90, (n) => ({ key: `later ${n}` })));
    expect(next.admitted).toEqual([]);
    expect(next.summaries).toMatchObject([
      { key: summaries[0]?.key, type: droppedType, message: expect.stringContaining('DriftReported (100)') },
    ]);
    jest.advanceTimersByTime(3_600_001);
    expect(budget.admit(events(3)).admitted).toHaveLength(3);
  });

  it('about the same change of one object are limited more', () => {
    const { object } = event(0);
    expect(budget.admit(events(9, () => ({ object }))).admitted).toHaveLength(5);
    expect(budget.admit([event(20)]).admitted).toHaveLength(1);
    const others = events(7, (n) => ({ key: `field ${n}`, object, fields: [`spec.ports[port=${n}]`] }));
    expect(budget.admit(others).admitted).toHaveLength(7);
  });

  it('are named by the event that counts the dropped ones', () => {
    const { object } = event(0);
    const { summaries } = budget.admit(events(6, () => ({ object, fields: ['spec.a', 'spec.b'] })));
    expect(summaries).toMatchObject([
      { fields: ['spec.a', 'spec.b'], message: expect.stringMatching(/\(1\)\. They are about spec\.a, spec\.b\.$/) },
    ]);
  });

  it('are counted once when their report is repeated', () => {
    for (let n = 0; n < 30; n += 1) expect(budget.admit(events(3)).admitted).toHaveLength(3);
    expect(budget.admit(events(20)).admitted).toHaveLength(20);
  });
});

describe('the events of a cluster', () => {
  it('have one for each of many instances at once, and are limited beyond', () => {
    const all = events(4_000, (instanceId) => ({ instanceId }));
    const { admitted, summaries } = budget.admit(all);
    expect(admitted).toHaveLength(3_000);
    expect(summaries).toEqual([]);
    expect(lines.map(({ msg, dropped, cid }) => [msg, dropped, cid])).toEqual(
      [1, 10, 100, 1_000].map((dropped) => ['events of a cluster were dropped', dropped, 'ky3']),
    );
    expect(budget.admit([event(1, { cluster: 'abcde/ky4', instanceId: 5_000 })]).admitted).toHaveLength(1);
  });
});
