import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type Toolbox } from '../build/toolbox.js';
import { neverFaulty, podFaultStages } from './pod-faults.js';
import type { Stage } from './stage.js';

/** Stages of kwok: a node stays ready; a pod runs, completes when a Job owns it, and is deleted. */
const kwokStages = [
  'node/fast/node-initialize',
  'node/heartbeat/node-heartbeat',
  'pod/fast/pod-ready',
  'pod/fast/pod-complete',
  'pod/fast/pod-delete',
];

/** Writes every stage into `folder` as JSON, which is YAML. Returns the files. */
export function writeStages(folder: string, toolbox: Toolbox): string[] {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const stages = [...kwokStages.map((name) => readKwokStage(toolbox, name)), ...podFaultStages];
  return stages.map((stage) => {
    const file = join(folder, `${stage.metadata.name}.yaml`);
    writeFileSync(file, JSON.stringify(stage, null, 2));
    return file;
  });
}

/**
 * The time between two heartbeats of a node: the controller-manager declares a node NotReady after 50 s without one.
 * kwok's leases of nodes are no alternative, because a restarted kwok waits until those of its previous run expire.
 */
const heartbeatDelay = { durationMilliseconds: 10_000, jitterDurationMilliseconds: 12_000 };

function readKwokStage(toolbox: Toolbox, name: string): Stage {
  const stage = parse(readFileSync(join(toolbox.data('stages/kwok'), `${name}.yaml`), 'utf8')) as Stage;
  if (stage.metadata.name === 'node-heartbeat') return { ...stage, spec: { ...stage.spec, delay: heartbeatDelay } };
  if (stage.metadata.name !== 'pod-ready') return stage;
  const matchExpressions = [...stage.spec.selector.matchExpressions, ...neverFaulty];
  return { ...stage, spec: { ...stage.spec, selector: { matchExpressions } } };
}
