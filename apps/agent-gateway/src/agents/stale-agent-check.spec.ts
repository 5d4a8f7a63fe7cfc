import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createLogger } from '@runos/observability';
import type { AgentGatewayConfig } from '../config.js';
import type { AgentConnectionReporter } from './agent-connection-reporter.js';
import type { AgentRepository } from './agent-repository.js';
import { StaleAgentCheck } from './stale-agent-check.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A check of agents whose next one becomes stale at this time of the fake clock, ms. */
function checkOf(nextExpiryAt: () => number) {
  const checkedAt: number[] = [];
  const start = performance.now();
  const now = () => Math.round(performance.now() - start);
  const agents = {
    expireDisconnected: async () => (checkedAt.push(now()), []),
    nextExpiryMs: async () => nextExpiryAt() - now(),
  } as unknown as AgentRepository;
  const check = new StaleAgentCheck(
    agents,
    { report: () => undefined } as unknown as AgentConnectionReporter,
    { staleAfterMs: 0 } as AgentGatewayConfig,
    createLogger({ service: 'spec', level: 'silent' }),
  );
  return { check, checkedAt };
}

describe('the check of stale agents', () => {
  it('is repeated soon for an agent whose row is locked, and not without pause', async () => {
    const { check, checkedAt } = checkOf(() => -1_000);
    check.schedule();
    await jest.advanceTimersByTimeAsync(1_250);
    await check.stop();
    expect(checkedAt).toEqual([0, 500, 1_000]);
  });

  it('comes when the next agent is stale, also if that has disconnected after the check was planned', async () => {
    let nextExpiryAt = 30_000;
    const { check, checkedAt } = checkOf(() => nextExpiryAt);
    check.schedule();
    await jest.advanceTimersByTimeAsync(10_000);
    nextExpiryAt = 12_000;
    check.schedule();
    await jest.advanceTimersByTimeAsync(1_999);
    expect(checkedAt).toEqual([0, 10_000]);
    await jest.advanceTimersByTimeAsync(1);
    await check.stop();
    expect(checkedAt).toEqual([0, 10_000, 12_000]);
  });
});
