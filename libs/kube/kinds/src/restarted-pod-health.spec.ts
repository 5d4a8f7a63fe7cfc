import { describe, expect, it } from '@jest/globals';
import { condition, pod, waiting } from '../test/objects.js';
import { builtInCatalog, restartedByProbe } from './index.js';

const healthOf = builtInCatalog.healthOf.bind(builtInCatalog);

describe('the health of a pod whose container is restarted', () => {
  it('contains the output of the probe that has restarted a container', () => {
    expect(restartedByProbe('web-0', 'Liveness probe failed: HTTP probe failed with statuscode: 500')).toEqual({
      state: 'failed',
      reason: 'LivenessProbeFailed',
      message:
        'Pod web-0 is restarted again and again: Liveness probe failed: HTTP probe failed with statuscode: 500. Correct the health check, or the program that fails it.',
    });
    expect(restartedByProbe('web-0', 'Startup probe failed: timeout').reason).toBe('StartupProbeFailed');
  });

  it('names the signal that has ended a container', () => {
    const messageOf = (exitCode: number) =>
      healthOf(pod(waiting('CrashLoopBackOff', { lastState: { terminated: { exitCode } } }))).message;
    expect(messageOf(139)).toContain('keeps ending with exit code 139 (signal 11). ');
    expect(messageOf(128)).toContain('keeps ending with exit code 128. ');
  });

  describe('of a pod whose container runs again after it has failed', () => {
    const running = (finishedAt: string, more: object = {}, ready = 'False') =>
      healthOf(
        pod({
          phase: 'Running',
          conditions: [
            condition('Initialized', 'True'),
            condition('Ready', ready, { lastTransitionTime: '2026-11-30T10:00:00Z' }),
          ],
          containerStatuses: [
            {
              name: 'web',
              ready: ready === 'True',
              restartCount: 2,
              state: { running: {} },
              lastState: { terminated: { exitCode: 3, finishedAt } },
              ...more,
            },
          ],
        }),
      );

    it('is that of the failure while the pod was never ready in between', () => {
      expect(running('2026-11-30T10:00:05Z')).toEqual(
        healthOf(pod(waiting('CrashLoopBackOff', { lastState: { terminated: { exitCode: 3 } } }))),
      );
    });

    it('is another one after a first failure, an earlier one, or when it is ready', () => {
      expect(running('2026-11-30T10:00:05Z', { restartCount: 1 }).reason).toBe('PodNotReady');
      expect(running('2026-11-30T09:00:00Z').reason).toBe('PodNotReady');
      expect(running('2026-11-30T10:00:05Z', {}, 'True').state).toBe('ready');
    });
  });
});
