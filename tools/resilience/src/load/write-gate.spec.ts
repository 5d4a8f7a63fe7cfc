import { expect, it } from '@jest/globals';
import { WriteGate } from './write-gate.js';

it('a gate holds back new writes, waits for running ones, and lets all continue', async () => {
  const gate = new WriteGate();
  const events: string[] = [];
  let end: () => void = () => undefined;
  const running = gate.run(async () => {
    await new Promise<void>((resolve) => (end = resolve));
    events.push('the first ended');
  });
  await new Promise((resolve) => setImmediate(resolve));
  gate.hold();
  const held = gate.run(async () => void events.push('the second ran'));
  const settled = gate.settled().then(() => events.push('settled'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(events).toEqual([]);
  end();
  await Promise.all([running, settled]);
  expect(events).toEqual(['the first ended', 'settled']);
  gate.resume();
  await held;
  expect(events.at(-1)).toBe('the second ran');
});
