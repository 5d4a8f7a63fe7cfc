import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@runos/testing-basics';
import { type Running, Supervised } from './supervised.js';

/** A program that the test ends. */
class Program implements Running {
  static count = 0;
  readonly pid = (Program.count += 1);
  end!: (outcome: string) => void;
  readonly ended = new Promise<string>((resolve) => (this.end = resolve));
  stop = async (): Promise<void> => this.end('it ended by request');
}

function supervised() {
  const clock = new ManualClock();
  const programs: Program[] = [];
  const events: string[] = [];
  let refuse = 0;
  const startOnce = async (): Promise<Program> => {
    if (refuse-- > 0) throw new Error('no room');
    const program = new Program();
    programs.push(program);
    return program;
  };
  const thing = new Supervised('thing', startOnce, { clock, onEvent: (line) => events.push(line) });
  /** Ends the program that was started last. */
  const crash = (): void => programs.at(-1)?.end('it crashed');
  return { clock, programs, events, thing, crash, refuseNext: (times: number) => (refuse = times) };
}

describe('Supervised', () => {
  it('restarts a program that ends by itself, with back-off', async () => {
    const { clock, programs, events, thing, crash } = supervised();
    await thing.start();
    for (const delay of [250, 500, 1_000]) {
      crash();
      await clock.asleep();
      expect(thing.pid).toBeUndefined();
      const before = programs.length;
      await clock.advance(delay - 1);
      expect(programs).toHaveLength(before);
      await clock.advance(1);
      expect(programs).toHaveLength(before + 1);
    }
    expect(thing.pid).toBe(programs.at(-1)?.pid);
    expect(events[0]).toBe('it crashed, restarting it in 250 ms');
    await thing.stop();
  });

  it('reports a restart when the new process number is known', async () => {
    const clock = new ManualClock();
    const [first, second] = [new Program(), new Program()];
    const pids: (number | undefined)[] = [];
    const next = [first, second].values();
    const startOnce = async (): Promise<Program> => next.next().value as Program;
    const thing: Supervised = new Supervised('thing', startOnce, { clock, onEvent: () => pids.push(thing.pid) });
    await thing.start();
    first.end('it crashed');
    await clock.asleep();
    await clock.advance(250);
    expect(pids).toEqual([undefined, second.pid]);
    await thing.stop();
  });

  it('resets the back-off after a stable minute', async () => {
    const { clock, events, thing, crash } = supervised();
    await thing.start();
    crash();
    await clock.asleep();
    await clock.advance(250);
    await clock.advance(61_000);
    crash();
    await clock.asleep();
    expect(events.at(-1)).toBe('it crashed, restarting it in 250 ms');
    await thing.stop();
  });

  it('retries when a start fails', async () => {
    const { clock, programs, events, thing, crash, refuseNext } = supervised();
    await thing.start();
    refuseNext(2);
    crash();
    await clock.asleep();
    await clock.advance(250 + 500 + 1_000);
    expect(events).toContain('no room; the next attempt is in 500 ms');
    expect(programs).toHaveLength(2);
    await thing.stop();
  });

  it('keeps a stopped program stopped, even in the middle of a back-off', async () => {
    const { clock, programs, thing, crash } = supervised();
    await thing.start();
    await thing.stop();
    expect([thing.isStopped, thing.pid, programs.length]).toEqual([true, undefined, 1]);
    await thing.start();
    crash();
    await clock.asleep();
    await thing.stop();
    await clock.advance(60_000);
    expect(programs).toHaveLength(2);
  });

  it('stops a program that is starting', async () => {
    let finishStart!: (running: Running) => void;
    const thing = new Supervised('slow', () => new Promise((resolve) => (finishStart = resolve)));
    const starting = thing.start();
    const stopping = thing.stop();
    const program = new Program();
    finishStart(program);
    await expect(starting).rejects.toThrow('slow was stopped while it started');
    await stopping;
    expect(await program.ended).toBe('it ended by request');
    expect([thing.isStopped, thing.pid]).toEqual([true, undefined]);
  });

  it('throws when the first start fails', async () => {
    const { thing, refuseNext } = supervised();
    refuseNext(1);
    await expect(thing.start()).rejects.toThrow('no room');
    expect(thing.isStopped).toBe(true);
    await thing.start();
    await thing.stop();
  });
});
