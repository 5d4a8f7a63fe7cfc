import { Fault } from '@runos/kernel';

/** Refuses what goes over a limit, naming both; 0 switches a limit off. */
export function refuseOver(limit: number, have: number, what: string, where: string): void {
  if (limit === 0 || have < limit) return;
  throw new Fault('limit.exceeded', `${where} has ${have} ${what}; at most ${limit} are allowed. Delete some first.`, {
    limit,
    value: have,
    retryAfterSeconds: 60,
  });
}
