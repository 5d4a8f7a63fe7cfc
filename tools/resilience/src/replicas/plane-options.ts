import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { replicaName, services } from '@runos/tool-start';
import { clockSkewMs, nodeOptionsAhead } from './clock-skew.js';
import { replicaCount } from './replica-faults.js';

const beaconType = pathToFileURL(resolve(import.meta.dirname, '../../dist/replicas/add-beacon-type.js')).href;

/** The value of NODE_OPTIONS of a replica: the clocks of second replicas are a minute ahead, and all have one more type. */
const nodeOptionsOf = (number: number): string =>
  [...(number === 1 ? [nodeOptionsAhead(clockSkewMs)] : []), `--import=${beaconType}`].join(' ');

/** Options of `npm start` for the plane of the runs with several replicas. */
export const planeOptions: readonly string[] = [
  '--replicas',
  String(replicaCount),
  ...services.flatMap((plan) =>
    Array.from({ length: replicaCount }, (_, number) => [
      '--env',
      `${replicaName(plan, number)}:NODE_OPTIONS=${nodeOptionsOf(number)}`,
    ]).flat(),
  ),
];
