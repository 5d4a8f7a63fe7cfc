import { expect, it } from '@jest/globals';
import { Fault, unavailable } from '@runos/kernel';
import { ManualClock } from '@runos/testing-basics';
import { InstanceCheck } from './instance-check.js';

it('an instance is requested after an event only, and again while its state is unknown', async () => {
  const clock = new ManualClock();
  const answers: (Fault | undefined)[] = [
    undefined,
    unavailable('The reconciler is away.'),
    unavailable('Still away.'),
  ];
  let requests = 0;
  const check = new InstanceCheck(() => {
    requests += 1;
    const answer = answers.length > 0 ? answers.shift() : new Fault('app.not_found', 'App app-abcde does not exist.');
    return answer === undefined ? Promise.resolve() : Promise.reject(answer);
  }, clock);
  const states: [boolean, number][] = [];
  const look = async () => states.push([await check.exists(), requests]);
  await look();
  check.notify();
  for (let time = 0; time < 2; time += 1) await look();
  check.notify();
  for (let time = 0; time < 2; time += 1) await look();
  for (let time = 0; time < 2; time += 1) {
    await clock.advance(15_000);
    await look();
  }
  expect(states).toEqual([
    [true, 0],
    [true, 1],
    [true, 1],
    [true, 2],
    [true, 2],
    [true, 3],
    [false, 4],
  ]);
});
