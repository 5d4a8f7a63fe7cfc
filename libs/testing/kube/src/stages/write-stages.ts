import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeCapacity, Stage } from '@runos/catalog-model';
import { serviceTypes } from '@runos/service-types';
import { parse } from 'yaml';
import { type Toolbox } from '../build/toolbox.js';
import { neverFaulty, podFaultStages } from './pod-faults.js';

/** Stages of kwok: a node stays ready; a pod runs, completes when a Job owns it, and is deleted. */
const kwokStages = [
  'node/fast/node-initialize',
  'node/heartbeat-with-lease/node-heartbeat-with-lease',
  'pod/fast/pod-ready',
  'pod/fast/pod-complete',
  'pod/fast/pod-delete',
];

/** Files of stages. kwok does not start with a stage of a custom resource whose CRD does not exist. */
export interface StageFiles {
  readonly builtIn: readonly string[];
  /** Of the custom resources of CloudNativePG. */
  readonly custom: readonly string[];
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
  return { builtIn: builtIn.map(write), custom: custom.map(write) };
}

function readKwokStage(toolbox: Toolbox, name: string): Stage {
  const stage = parse(readFileSync(join(toolbox.data('stages/kwok'), `${name}.yaml`), 'utf8')) as Stage;
  if (stage.metadata.name !== 'pod-ready') return stage;
  const matchExpressions = [...stage.spec.selector.matchExpressions, ...neverFaulty];
  return { ...stage, spec: { ...stage.spec, selector: { matchExpressions } } };
}
