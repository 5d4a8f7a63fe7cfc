import { crashLoop } from '@runos/kube-kinds';
import type { ObjectStatus } from './plane-client.js';

/** States of an object from the worst to the best. */
const statesBySeverity = ['failed', 'degraded', 'deleting', 'pending', 'applied', 'ready'];

/** The container ends again and again: any other object that is as bad may be the cause. */
const leastSpecific = crashLoop;

/**
 * The controller of Deployments gives up waiting. Its pods state what for, also those that only wait, as for a node, and
 * so count as less bad.
 */
const givenUp = 'ProgressDeadlineExceeded';

const severityRank = new Map(statesBySeverity.map((state, index) => [state, index]));
const rankOf = ({ state, reason }: ObjectStatus): number =>
  severityRank.get(reason === givenUp ? 'applied' : state) ?? statesBySeverity.length;
const vaguenessOf = ({ reason }: ObjectStatus): number => (reason === givenUp ? 2 : Number(reason === leastSpecific));

/** The worst first, and among equal ones those that explain more. Otherwise the order is kept. */
export const worstFirst = (objects: readonly ObjectStatus[]): ObjectStatus[] =>
  [...objects].sort((a, b) => rankOf(a) - rankOf(b) || vaguenessOf(a) - vaguenessOf(b));
