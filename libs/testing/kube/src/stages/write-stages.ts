import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type Toolbox } from '../build/toolbox.js';
import { cnpgStages, type NodeRoom } from './cnpg-stages.js';
import { neverFaulty, podFaultStages } from './pod-faults.js';
import { type Stage } from './stage.js';

/** Shipped with kwok: a node is ready and stays so, a pod runs, completes when a Job owns it, and goes. */
const shipped = [
  'node/fast/node-initialize',
  'node/heartbeat-with-lease/node-heartbeat-with-lease',
  'pod/fast/pod-ready',
  'pod/fast/pod-complete',
  'pod/fast/pod-delete',
];

/** Writes every stage into `folder` and answers the files. JSON is YAML, so they are JSON. */
export function writeStages(folder: string, toolbox: Toolbox, room: NodeRoom): string[] {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const stages = [...shipped.map((name) => shippedStage(toolbox, name)), ...podFaultStages, ...cnpgStages(room)];
  return stages.map((stage) => {
    const file = join(folder, `${stage.metadata.name}.yaml`);
    writeFileSync(file, JSON.stringify(stage, null, 2));
    return file;
  });
}

function shippedStage(toolbox: Toolbox, name: string): Stage {
  const stage = parse(readFileSync(join(toolbox.data('stages/kwok'), `${name}.yaml`), 'utf8')) as Stage;
  if (stage.metadata.name !== 'pod-ready') return stage;
  const matchExpressions = [...stage.spec.selector.matchExpressions, ...neverFaulty];
  return { ...stage, spec: { ...stage.spec, selector: { matchExpressions } } };
}
