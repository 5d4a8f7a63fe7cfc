import { describe, expect, it } from '@jest/globals';
import type { Osid } from '@runos/osid';
import type { Report } from '../status/report.js';
import { jobNews } from './job-of-report.js';

type Objects = Report['objects'];
const object = (name: string, state: Objects[number]['state'], message?: string): Objects[number] => ({
  ...{ apiVersion: 'v1', kind: 'Pod', namespace: 'ns', name, state },
  ...(message === undefined ? {} : { reason: 'Why', message }),
});
const report = (phase: Report['phase'], objects: Objects = [], over: Partial<Report> = {}): Report => ({
  ...{ osid: 'valkey-3f9k2' as Osid, generation: 1, digest: 'd'.repeat(64), phase, conditions: [], objects },
  ...over,
});

describe('a report, as news of a job', () => {
  it('stands at the step it tells of', () => {
    const applied = [{ type: 'Applied', status: 'True' as const, reason: 'Applied', message: '' }];
    const steps = [
      jobNews('apply', report('applying'), {}),
      jobNews('apply', report('failed'), {}),
      jobNews('apply', report('failed', [], { conditions: applied }), {}),
      jobNews('apply', report('applied'), {}),
      jobNews('apply', report('ready'), {}),
      jobNews('delete', report('deleting'), {}),
      jobNews('delete', report('gone'), {}),
    ].map(({ step, done }) => [step, done]);
    expect(steps).toEqual([
      ['apply', false],
      ['apply', false],
      ['wait-ready', false],
      ['wait-ready', false],
      ['wait-ready', true],
      ['remove', false],
      ['confirm-gone', true],
    ]);
  });

  it('has a line for each object whose state changed, and none for what it said before', () => {
    const first = jobNews('apply', report('applied', [object('a', 'pending'), object('b', 'failed', 'no image')]), {});
    expect(first.logs).toEqual([
      { step: 'wait-ready', level: 'info', message: 'Pod a: pending' },
      { step: 'wait-ready', level: 'error', message: 'Pod b: failed (Why: no image)' },
    ]);
    expect(first).toMatchObject({ reason: 'Why', progress: '0 of 2 objects ready' });
    const second = jobNews(
      'apply',
      report('applied', [object('a', 'ready'), object('b', 'failed', 'no image')]),
      first.seen,
    );
    expect(second.logs.map(({ message }) => message)).toEqual(['Pod a: ready']);
    expect(jobNews('apply', report('applied', [object('a', 'ready')]), second.seen).logs).toEqual([]);
  });

  it('quotes what holds up a deletion, also when only a condition knows', () => {
    const conditions = [{ type: 'Removed', status: 'False' as const, reason: 'Held', message: 'finalizer x/y' }];
    const first = jobNews('delete', report('deleting', [object('a', 'deleting', 'a waits')], { conditions }), {});
    expect(first.logs.map(({ message }) => message)).toEqual(['Pod a: deleting (Why: a waits)', 'finalizer x/y']);
    const other = report('deleting', [object('a', 'deleting', 'a still waits')], { conditions });
    expect(jobNews('delete', other, first.seen).logs).toHaveLength(1);
  });
});
