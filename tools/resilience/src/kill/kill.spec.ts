import { describe, expect, it } from '@jest/globals';
import { campaign } from './campaign.js';
import { cutAgents, kill, loseNatsData, victims } from './faults.js';

describe('a plane whose processes are killed one after the other while clients write', () => {
  it('keeps every promise it made', async () => {
    const told: string[] = [];
    const verdict = await campaign({
      ...{ seed: 1, writes: 60, instances: 12, clients: 2, pauseMs: 800, restMs: 300 },
      faults: [...victims.map((name) => kill(name)), loseNatsData, cutAgents],
      say: (line) => void told.push(line),
    });
    process.stdout.write(`${told.join('\n')}\n`);
    expect({ complaints: verdict.complaints, broken: verdict.broken }).toEqual({ complaints: [], broken: [] });
    expect(verdict.jobs).toBeGreaterThan(30);
  }, 600_000);
});
