import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { replicaName, services } from '@runos/tool-start';
import { clockSkewMs, nodeOptionsAhead } from './clock-skew.js';
import { replicaCount } from './replica-faults.js';

/** The option of Node that loads a module of this folder before the program. */
const importOf = (module: string): string =>
  `--import=${pathToFileURL(resolve(import.meta.dirname, `../../dist/replicas/${module}.js`)).href}`;

/**
 * The replicas of the reconciler that have one renderer more, of each type. `all` reaches those of this checkout only,
 * because a process of an older build has a catalog of its own.
 */
export type NewerRenderer = 'none' | 'second' | 'all';

/** The value of NODE_OPTIONS of a replica: the clocks of second replicas are a minute ahead, and all have one more type. */
function nodeOptionsOf(service: string, number: number, newerRenderer: NewerRenderer): string {
  const isNewer = newerRenderer === 'all' || (newerRenderer === 'second' && number === 1);
  return [
    ...(number === 1 ? [nodeOptionsAhead(clockSkewMs)] : []),
    importOf('add-beacon-type'),
    ...(service === 'reconciler' && isNewer ? [importOf('add-newer-renderer')] : []),
  ].join(' ');
}

/** Options of `npm start` for the plane of the runs with several replicas. */
export const planeOptions = (newerRenderer: NewerRenderer): readonly string[] => [
  '--replicas',
  String(replicaCount),
  ...services.flatMap((plan) =>
    Array.from({ length: replicaCount }, (_, number) => [
      '--env',
      `${replicaName(plan, number)}:NODE_OPTIONS=${nodeOptionsOf(plan.name, number, newerRenderer)}`,
    ]).flat(),
  ),
];
