import { describe, expect, it } from '@jest/globals';
import { objectOf } from '../test/objects.js';
import { builtInCatalog } from './index.js';

const healthOf = builtInCatalog.healthOf.bind(builtInCatalog);

describe('the health of a workload', () => {
  it.each([
    [
      'a deployment that is paused',
      objectOf(
        'Deployment',
        { spec: { paused: true }, status: { observedGeneration: 3 } },
        { generation: 3 },
        'apps/v1',
      ),
      '0 of 1 pods of Deployment web are up to date and ready. It is paused, which stops its rollout: remove spec.paused, or set it to false.',
    ],
    [
      'a set with a partition',
      objectOf(
        'StatefulSet',
        {
          spec: { replicas: 2, updateStrategy: { rollingUpdate: { partition: 2 } } },
          status: { observedGeneration: 3, currentRevision: 'a', updateRevision: 'b', replicas: 2, readyReplicas: 2 },
        },
        { generation: 3 },
        'apps/v1',
      ),
      '0 of 2 pods of StatefulSet web are up to date and ready. spec.updateStrategy.rollingUpdate.partition keeps pods with an ordinal below 2 as they are: set it to 0.',
    ],
    [
      'a daemon set that is updated by deletions',
      objectOf(
        'DaemonSet',
        {
          spec: { updateStrategy: { type: 'OnDelete' } },
          status: { observedGeneration: 3, desiredNumberScheduled: 2, numberReady: 2 },
        },
        { generation: 3 },
        'apps/v1',
      ),
      '2 of 2 pods of DaemonSet web are up to date and ready. spec.updateStrategy is OnDelete: delete its earlier pods, or choose RollingUpdate.',
    ],
    [
      'a job that is suspended',
      objectOf('Job', { spec: { suspend: true } }, {}, 'batch/v1'),
      'Job web is suspended: remove spec.suspend, or set it to false.',
    ],
  ])('names the field that stops %s', (_, object, message) => {
    expect(healthOf(object)).toMatchObject({ state: 'progressing', message });
  });

  it('does not name a pause that stops nothing', () => {
    const done = { observedGeneration: 3, replicas: 1, updatedReplicas: 1 };
    const starting = objectOf('Deployment', { spec: { paused: true }, status: done }, { generation: 3 }, 'apps/v1');
    expect(healthOf(starting).reason).toBe('RollingOut');
  });
});
