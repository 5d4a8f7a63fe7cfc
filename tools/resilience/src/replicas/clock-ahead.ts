/**
 * Loaded before a program (`node --import clock-ahead.js?ms=60000`), it sets `Date` ahead by this time. Monotonic clocks
 * (`performance.now()`, timers) stay unchanged, as with a wrongly set clock.
 */
const aheadMs = Number(new URL(import.meta.url).searchParams.get('ms'));

const Machine = Date;
const now = (): number => Machine.now() + aheadMs;

globalThis.Date = new Proxy(Machine, {
  construct: (target, args, called) => Reflect.construct(target, args.length === 0 ? [now()] : args, called) as object,
  apply: () => new Machine(now()).toString(),
  get: (target, key, receiver) => (key === 'now' ? now : (Reflect.get(target, key, receiver) as unknown)),
});
