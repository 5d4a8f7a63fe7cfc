import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeCapacity, Stage } from '@runos/catalog-model';
import { serviceTypes } from '@runos/service-types';
import { parse } from 'yaml';
import { type Toolbox } from '../build/toolbox.js';
import type { ResourceRef } from '../cluster/custom-resources.js';
import { neverFaulty, podFaultStages } from './pod-faults.js';

/** Stages of kwok: a node stays ready; a pod runs, completes when a Job owns it, and is deleted. */
const kwokStages = [
  'node/fast/node-initialize',
  'node/heartbeat/node-heartbeat',
  'pod/fast/pod-ready',
  'pod/fast/pod-complete',
  'pod/fast/pod-delete',
];

/** The files of the stages of one custom resource. */
export interface CustomStages {
  readonly on: ResourceRef;
  readonly files: readonly string[];
}

export interface StageFiles {
  /** The files of the stages of nodes and pods. */
  readonly builtIn: readonly string[];
  readonly custom: readonly CustomStages[];
}

/** Writes every stage into `folder` as JSON, which is YAML. */
export function writeStages(folder: string, toolbox: Toolbox, capacity: NodeCapacity): StageFiles {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const write = (stage: Stage): string => {
    const file = join(folder, `${stage.metadata.name}.yaml`);
    writeFileSync(file, JSON.stringify(stage, null, 2));
    return file;
  };
  const builtIn = [...kwokStages.map((name) => readKwokStage(toolbox, name)), ...podFaultStages];
  const custom = serviceTypes.flatMap(({ simulate }) => simulate?.(capacity) ?? []);
  return { builtIn: builtIn.map(write), custom: byResource(custom, write) };
}

function byResource(stages: readonly Stage[], write: (stage: Stage) => string): CustomStages[] {
  const groups = new Map<string, { readonly on: ResourceRef; readonly files: string[] }>();
  for (const stage of stages) {
    const on = stage.spec.resourceRef;
    const key = `${on.apiGroup}/${on.kind}`;
    const group = groups.get(key) ?? { on, files: [] };
    group.files.push(write(stage));
    groups.set(key, group);
  }
  return [...groups.values()];
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
