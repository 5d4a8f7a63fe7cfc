import { describe, expect, it } from '@jest/globals';
import { nextStep } from './next-step.js';

type State = 'pending' | 'running' | 'completed' | 'failed' | 'skipped';

/** The next step of a wave with instances in these states; an instance is identified by its index. */
const stepOf = (states: readonly State[], maxUnavailable: number) => {
  const first = (state: State) => {
    const index = states.indexOf(state);
    return index < 0 ? undefined : index;
  };
  const running = states.filter((state) => state === 'running').length;
  return nextStep({ maxUnavailable, running, failed: first('failed'), pending: first('pending') });
};

describe('the next step of a wave', () => {
  it.each([1, 2, 3])('starts the first pending instance while fewer than %i run', (maxUnavailable) => {
    const states: State[] = ['completed', 'skipped', 'pending', 'pending', 'pending', 'pending'];
    for (let started = 0; started < maxUnavailable; started += 1) {
      expect(stepOf(states, maxUnavailable)).toEqual({ kind: 'start', instance: 2 + started });
      states[2 + started] = 'running';
    }
    expect(stepOf(states, maxUnavailable)).toEqual({ kind: 'wait' });
    states[2] = 'completed';
    expect(stepOf(states, maxUnavailable)).toEqual({ kind: 'start', instance: 2 + maxUnavailable });
  });

  it('starts none after a failure, also while others run', () => {
    expect(stepOf(['running', 'failed', 'pending'], 5)).toEqual({ kind: 'fail', instance: 1 });
  });

  it('completes it when none is pending or running', () => {
    expect(stepOf(['completed', 'running'], 5)).toEqual({ kind: 'wait' });
    expect(stepOf(['completed', 'skipped'], 5)).toEqual({ kind: 'complete' });
    expect(stepOf([], 1)).toEqual({ kind: 'complete' });
  });
});
