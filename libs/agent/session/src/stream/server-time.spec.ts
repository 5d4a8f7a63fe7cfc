import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@runos/observability';
import { systemClock } from '@runos/kernel';
import type { AgentSession } from '../agent-session.js';
import { FakePlane, validForDays } from '../../test/fake-plane.js';
import { MemoryStore, startSession } from '../../test/test-session.js';
import { clockProblem, serverTime } from './server-time.js';

const minutes = (count: number): number => count * 60_000;
/** A clock that differs from the real one by this time, ms. */
const clockAt = (differenceMs: number) => ({ ...systemClock, now: () => new Date(Date.now() + differenceMs) });

let plane: FakePlane;
let agent: AgentSession | undefined;
let lines: { msg: string; problem?: string }[];
beforeEach(async () => {
  lines = [];
  plane = await FakePlane.start();
});
afterEach(async () => {
  await agent?.stop();
  plane.close();
});

const logger = () =>
  createLogger({
    service: 'spec',
    level: 'debug',
    destination: {
      write: (line: string) => {
        lines.push(JSON.parse(line) as (typeof lines)[number]);
        plane.notify();
      },
    },
  });

describe('the clock of an agent', () => {
  it.each([
    ['20 minutes behind', -20, { notBefore: new Date(Date.now() + minutes(10)), notAfter: validForDays().notAfter }],
    [
      '1096 days ahead of',
      1096 * 24 * 60,
      { notBefore: validForDays().notBefore, notAfter: new Date(Date.now() - minutes(1)) },
    ],
  ])('is named when it is %s the server and TLS fails', async (expected, differenceMinutes, validity) => {
    plane.close();
    plane.serverValidity = validity;
    await plane.open();
    agent = startSession(plane, { clock: clockAt(minutes(differenceMinutes)), logger: logger() });
    await plane.until(() => lines.some(({ problem }) => problem?.includes(expected)));
    const { problem } = lines.find((line) => line.problem?.includes(expected)) ?? {};
    expect(problem).toMatch(
      /^the clock of this machine is .* here and .* there; set this clock, best by NTP \(.*certif/,
    );
  });

  it('is named at a connection that succeeds, and not when it agrees', async () => {
    agent = startSession(plane, { clock: clockAt(-minutes(3)), logger: logger() });
    await plane.until(() => lines.some(({ msg }) => msg.includes('3 minutes behind the server')));
    await agent.stop();
    lines = [];
    agent = startSession(plane, { store: new MemoryStore(), logger: logger() });
    await plane.until(() => lines.some(({ msg }) => msg === 'connected to the plane'));
    expect(JSON.stringify(lines)).not.toContain('clock');
  });

  it('is not blamed when the certificate of the server has really expired', async () => {
    plane.close();
    plane.serverValidity = { notBefore: validForDays().notBefore, notAfter: new Date(Date.now() - minutes(1)) };
    await plane.open();
    agent = startSession(plane, { logger: logger() });
    await plane.until(() => lines.some(({ problem }) => problem?.includes('certificate has expired')));
    expect(JSON.stringify(lines)).not.toContain('clock of this machine');
  });
});

describe('the time of a server', () => {
  it('is unknown when nothing answers', async () => {
    const { ports } = plane;
    plane.close();
    expect(await serverTime({ host: '127.0.0.1', ...ports })).toBeUndefined();
  });

  it('is compared with a tolerance of a minute', () => {
    const at = new Date('2030-01-01T00:00:00Z');
    expect(clockProblem(new Date(at.getTime() + 59_000), at)).toBeUndefined();
    expect(clockProblem(new Date(at.getTime() - 61_000), at)).toContain('61 seconds behind the server');
  });
});
