import { expect, it } from '@jest/globals';
import { describeServing, type RolloutPods } from './serving-pods.js';

const describePods = (replicas: RolloutPods['replicas'], over: Partial<RolloutPods> = {}) =>
  describeServing({ revision: 5, readyRevision: 3, replicas, ...over });

it('the old pods serve until the new ones are ready', () => {
  expect(describePods({ desired: 3, ready: 2, outdated: 2 })).toBe(
    'The pods of revision 3 still serve: 2 of 3 are ready.',
  );
  expect(describePods({ desired: 3, ready: 0 })).toBe('No pod serves.');
});

it('nothing is stated that is not known', () => {
  for (const words of [
    describePods(undefined),
    describePods({ desired: 3, ready: 2 }),
    describePods({ desired: 0, ready: 0 }),
    describePods({ desired: 3, ready: 0 }, { readyRevision: null }),
    describePods({ desired: 3, ready: 0 }, { readyRevision: 5 }),
  ]) {
    expect(words).toBe('');
  }
});
