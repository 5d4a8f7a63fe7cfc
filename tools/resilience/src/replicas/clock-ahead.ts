import { readFileSync, watchFile } from 'node:fs';

/**
 * Loaded before a program (`node --import clock-ahead.js?ms=60000`), it sets `Date` ahead by this time. With `file` the
 * time is the number in that file, and changes with it: the clock is stepped. Monotonic clocks (`performance.now()`,
 * timers) stay unchanged, as with a wrongly set clock.
 */
const { searchParams } = new URL(import.meta.url);
let aheadMs = Number(searchParams.get('ms'));

/** How often the file is read, ms. */
const intervalMs = 250;

const file = searchParams.get('file');
if (file !== null) {
  const read = (): void => void (aheadMs = Number(readFileSync(file, 'utf8')));
  read();
  watchFile(file, { interval: intervalMs, persistent: false }, read);
}

const Machine = Date;
const now = (): number => Machine.now() + aheadMs;

globalThis.Date = new Proxy(Machine, {
  construct: (target, args, called) => Reflect.construct(target, args.length === 0 ? [now()] : args, called) as object,
  apply: () => new Machine(now()).toString(),
  get: (target, key, receiver) => (key === 'now' ? now : (Reflect.get(target, key, receiver) as unknown)),
});
