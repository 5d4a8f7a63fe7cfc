import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { createLogger } from '@runos/observability';
import type { AgentGatewayConfig } from '../config.js';
import type { AgentConnectionReporter } from './agent-connection-reporter.js';
import type { AgentRepository } from './agent-repository.js';
import { StaleAgentCheck } from './stale-agent-check.js';

it('an agent whose row is locked is checked again soon, and not without pause', async () => {
  let checks = 0;
  const agents = {
    expireDisconnected: async () => ((checks += 1), []),
    nextExpiryMs: async () => -1_000,
  } as unknown as AgentRepository;
  const check = new StaleAgentCheck(
    agents,
    { report: () => undefined } as unknown as AgentConnectionReporter,
    { staleAfterMs: 0 } as AgentGatewayConfig,
    createLogger({ service: 'spec', level: 'silent' }),
  );
  check.schedule();
  await sleep(1_250);
  await check.stop();
  expect(checks).toBeGreaterThanOrEqual(2);
  expect(checks).toBeLessThanOrEqual(3);
});
