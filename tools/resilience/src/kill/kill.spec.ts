import { describe, expect, it } from '@jest/globals';
import { propertySeed } from '@runos/testing-basics';
import { runChaosTest } from './chaos-test.js';
import { cutAgentStreams, kill, loseNatsData, targets } from './faults.js';

const seed = propertySeed();

describe(`a plane whose processes are killed one after the other under load (RUNOS_TEST_SEED=${seed})`, () => {
  it('keeps every guarantee', async () => {
    const lines: string[] = [];
    const result = await runChaosTest({
      seed,
      writes: 60,
      instances: 12,
      clients: 2,
      pauseMs: 800,
      faultPauseMs: 300,
      withinMs: 540_000,
      faults: [...targets.map((name) => kill(name)), loseNatsData, cutAgentStreams],
      print: (line) => void lines.push(line),
    });
    process.stdout.write(`${lines.join('\n')}\n`);
    expect(result).toMatchObject({ unexpectedResponses: [], brokenGuarantees: [] });
    expect(result.jobs).toBeGreaterThan(30);
  }, 840_000);
});
