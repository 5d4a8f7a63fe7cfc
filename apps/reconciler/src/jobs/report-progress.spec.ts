import { describe, expect, it } from '@jest/globals';
import type { Osid } from '@runos/osid';
import type { BundleReport } from '../bundle-status/bundle-report.js';
import { reportProgress } from './report-progress.js';

type Objects = BundleReport['objects'];
const object = (name: string, state: Objects[number]['state'], message?: string): Objects[number] => ({
  apiVersion: 'v1',
  kind: 'Pod',
  namespace: 'ns',
  name,
  state,
  ...(message === undefined ? {} : { reason: 'Why', message }),
});
const report = (
  phase: BundleReport['phase'],
  objects: Objects = [],
  over: Partial<BundleReport> = {},
): BundleReport => ({
  osid: 'valkey-3f9k2' as Osid,
  generation: 1,
  digest: 'd'.repeat(64),
  phase,
  conditions: [],
  objects,
  ...over,
});

describe('the progress of a job after a report', () => {
  it('logs an object once that a report has twice: as it is, and as what explains it', () => {
    const objects = [object('web', 'failed', 'exceeded quota'), object('web', 'applied')];
    const first = reportProgress('apply', report('degraded', objects), {});
    expect(first.logs.map(({ message }) => message)).toEqual(['Pod web: failed (Why: exceeded quota)']);
    expect(reportProgress('apply', report('degraded', objects), first.loggedStates).logs).toEqual([]);
  });

  it('reaches the step of the report', () => {
    const applied = [{ type: 'Applied', status: 'True' as const, reason: 'Applied', message: '' }];
    const steps = [
      reportProgress('apply', report('applying'), {}),
      reportProgress('apply', report('failed'), {}),
      reportProgress('apply', report('failed', [], { conditions: applied }), {}),
      reportProgress('apply', report('applied'), {}),
      reportProgress('apply', report('ready'), {}),
      reportProgress('delete', report('deleting'), {}),
      reportProgress('delete', report('gone'), {}),
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

  it('logs each object whose state changed, and no state twice', () => {
    const first = reportProgress(
      'apply',
      report('applied', [object('a', 'pending'), object('b', 'failed', 'no image')]),
      {},
    );
    expect(first.logs).toEqual([
      { step: 'wait-ready', level: 'info', message: 'Pod a: pending' },
      { step: 'wait-ready', level: 'error', message: 'Pod b: failed (Why: no image)' },
    ]);
    expect(first).toMatchObject({ reason: 'Why', progress: '0 of 2 objects ready' });
    const second = reportProgress(
      'apply',
      report('applied', [object('a', 'ready'), object('b', 'failed', 'no image')]),
      first.loggedStates,
    );
    expect(second.logs.map(({ message }) => message)).toEqual(['Pod a: ready']);
    expect(reportProgress('apply', report('applied', [object('a', 'ready')]), second.loggedStates).logs).toEqual([]);
  });

  it('quotes the cause of a blocked deletion, also from a condition alone', () => {
    const conditions = [{ type: 'Removed', status: 'False' as const, reason: 'Held', message: 'finalizer x/y' }];
    const first = reportProgress(
      'delete',
      report('deleting', [object('a', 'deleting', 'a waits')], { conditions }),
      {},
    );
    expect(first.logs.map(({ message }) => message)).toEqual(['Pod a: deleting (Why: a waits)', 'finalizer x/y']);
    const other = report('deleting', [object('a', 'deleting', 'a still waits')], { conditions });
    expect(reportProgress('delete', other, first.loggedStates).logs).toHaveLength(1);
  });
});
