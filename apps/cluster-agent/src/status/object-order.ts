import type { ObjectStatus } from './plane-client.js';

/** States of an object from the worst to the best. */
const statesBySeverity = ['failed', 'degraded', 'deleting', 'pending', 'applied', 'ready'];

/** The container ends again and again: any other object that is as bad may be the cause. */
const leastSpecific = 'CrashLoopBackOff';

const severityRank = new Map(statesBySeverity.map((state, index) => [state, index]));
const rankOf = ({ state }: ObjectStatus): number => severityRank.get(state) ?? statesBySeverity.length;
const vaguenessOf = ({ reason }: ObjectStatus): number => Number(reason === leastSpecific);

/** The worst first, and among equal ones those that explain more. Otherwise the order is kept. */
export const worstFirst = (objects: readonly ObjectStatus[]): ObjectStatus[] =>
  [...objects].sort((a, b) => rankOf(a) - rankOf(b) || vaguenessOf(a) - vaguenessOf(b));
