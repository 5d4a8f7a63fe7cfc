import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@runos/testing-basics';
import { type Running, Supervised } from './supervised.js';

/** A program that ends when the test says so. */
class Program implements Running {
  static count = 0;
  readonly pid = (Program.count += 1);
  end!: (how: string) => void;
  readonly ended = new Promise<string>((resolve) => (this.end = resolve));
  stop = async (): Promise<void> => this.end('it ended by request');
}

function supervised() {
  const clock = new ManualClock();
  const programs: Program[] = [];
  const events: string[] = [];
  let refuse = 0;
  const begin = async (): Promise<Program> => {
    if (refuse-- > 0) throw new Error('no room');
    programs.push(new Program());
    return programs[programs.length - 1];
  };
  const thing = new Supervised('thing', begin, { clock, onEvent: (line) => events.push(line) });
  return { clock, programs, events, thing, refuseNext: (times: number) => (refuse = times) };
}

describe('Supervised', () => {
  it('starts a program again when it ends unasked, later each time', async () => {
    const { clock, programs, events, thing } = supervised();
    await thing.start();
    for (const delay of [250, 500, 1_000]) {
      programs.at(-1)?.end('it crashed');
      await clock.asleep();
      expect(thing.pid).toBeUndefined();
      const before = programs.length;
      await clock.advance(delay - 1);
      expect(programs).toHaveLength(before);
      await clock.advance(1);
      expect(programs).toHaveLength(before + 1);
    }
    expect(thing.pid).toBe(programs.at(-1)?.pid);
    expect(events[0]).toBe('it crashed, starting it again in 250 ms');
    await thing.stop();
  });

  it('tells of a new start when its number is known', async () => {
    const clock = new ManualClock();
    const programs = [new Program(), new Program()];
    const pids: (number | undefined)[] = [];
    const next = programs.values();
    const begin = async (): Promise<Program> => next.next().value as Program;
    const thing: Supervised = new Supervised('thing', begin, { clock, onEvent: () => pids.push(thing.pid) });
    await thing.start();
    programs[0].end('it crashed');
    await clock.asleep();
    await clock.advance(250);
    expect(pids).toEqual([undefined, programs[1].pid]);
    await thing.stop();
  });

  it('begins with the shortest delay again after a quiet minute', async () => {
    const { clock, programs, events, thing } = supervised();
    await thing.start();
    programs[0].end('it crashed');
    await clock.asleep();
    await clock.advance(250);
    await clock.advance(61_000);
    programs[1].end('it crashed');
    await clock.asleep();
    expect(events.at(-1)).toBe('it crashed, starting it again in 250 ms');
    await thing.stop();
  });

  it('goes on trying when a start fails', async () => {
    const { clock, programs, events, thing, refuseNext } = supervised();
    await thing.start();
    refuseNext(2);
    programs[0].end('it crashed');
    await clock.asleep();
    await clock.advance(250 + 500 + 1_000);
    expect(events).toContain('no room; the next try is in 500 ms');
    expect(programs).toHaveLength(2);
    await thing.stop();
  });

  it('leaves what was stopped on purpose stopped, also in the middle of a back-off', async () => {
    const { clock, programs, thing } = supervised();
    await thing.start();
    await thing.stop();
    expect([thing.stopped, thing.pid, programs.length]).toEqual([true, undefined, 1]);
    await thing.start();
    programs[1].end('it crashed');
    await clock.asleep();
    await thing.stop();
    await clock.advance(60_000);
    expect(programs).toHaveLength(2);
  });

  it('stops also what was just starting', async () => {
    let begun!: (running: Running) => void;
    const thing = new Supervised('slow', () => new Promise((resolve) => (begun = resolve)));
    const starting = thing.start();
    const stopping = thing.stop();
    const program = new Program();
    begun(program);
    await expect(starting).rejects.toThrow('slow was stopped while it started');
    await stopping;
    expect(await program.ended).toBe('it ended by request');
    expect([thing.stopped, thing.pid]).toEqual([true, undefined]);
  });

  it('tells whoever starts it that it cannot be started', async () => {
    const { thing, refuseNext } = supervised();
    refuseNext(1);
    await expect(thing.start()).rejects.toThrow('no room');
    expect(thing.stopped).toBe(true);
    await thing.start();
    await thing.stop();
  });
});
