import { type KubeObject, mapAt, numberOf, textOf } from '../kube-object.js';
import { conditionOf, degraded, failed, type Health, outdated, progressing, ready, sentence } from './health.js';
import { remedyFor } from './pod.js';

/** The phase in which live state matches the spec. */
const healthyPhase = 'Cluster in healthy state';

/** Phases that the operator does not leave without help, with reason and remedy. */
const finalPhases: readonly (readonly [pattern: RegExp, reason: string, remedy: string])[] = [
  [/disk space/i, 'DiskFull', 'Let its storage grow.'],
  [/unrecoverable/i, 'Unrecoverable', 'Restore it from a backup.'],
  [/unable to create required/i, 'CannotCreateObjects', 'Look at the events of its namespace.'],
  [
    /image catalog|invalid.*image|image.*(not found|invalid|pull)/i,
    'ImageUnavailable',
    'Check the version and the registry.',
  ],
  [/cannot proceed|incomplete|failed|error/i, 'OperatorStopped', 'Look at the events of its namespace.'],
];

/** Health of a CloudNativePG `Cluster`, from its phase, its Ready condition and its count of ready instances. */
export function cnpgClusterHealth(object: KubeObject): Health {
  const status = mapAt(object, 'status');
  const phase = textOf(status['phase']);
  if (phase === undefined) return progressing('Creating', 'The PostgreSQL operator has not observed the cluster yet.');
  const isReady = conditionOf(object, 'Ready');
  if (outdated(object, isReady)) {
    return progressing('Updating', 'The PostgreSQL operator has not observed the last change yet.');
  }
  const of = numberOf(mapAt(object, 'spec')['instances']) ?? 1;
  const up = numberOf(status['readyInstances']) ?? 0;
  const phaseReason = textOf(status['phaseReason']) ?? '';
  const why = sentence([phase, phaseReason].filter(Boolean).join(': '));
  const final = finalPhases.find(([pattern]) => pattern.test(phase));
  if (final) return failed(final[1], `${why} ${final[2]}`);
  const named = /^([A-Z][A-Za-z]+): /.exec(phaseReason)?.[1];
  if (named !== undefined) return failed(named, `${why} ${remedyFor(named)}`);
  if (phase === healthyPhase && up >= of && isReady?.status !== 'False') return ready();
  const message = `${up} of ${of} PostgreSQL instances are ready. ${why}`;
  return phase === healthyPhase && up > 0
    ? degraded('InstancesNotReady', `${message} Look at the pods of its namespace.`)
    : progressing(isReady?.reason || 'InstancesNotReady', message);
}
