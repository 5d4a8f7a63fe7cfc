import { describe, expect, it } from '@jest/globals';
import { campaign } from '../kill/campaign.js';
import { kill } from '../kill/faults.js';
import { across } from './across.js';
import { clocksApart } from './apart.js';
import { migrations } from './migrations.js';
import { agentDoors, killAgentDoor, replicas, rollingRestart, rounds } from './replica-faults.js';

describe('a plane of several replicas that loses single ones while clients write', () => {
  it('never closes its door, and keeps every promise it made', async () => {
    const told: string[] = [];
    const say = (line: string): void => void told.push(line);
    const others = (rounds.at(-1) ?? []).filter((name) => !agentDoors.includes(name));
    const verdict = await campaign({
      ...{ seed: 1, say, writes: 40, instances: 12, clients: 2, pauseMs: 500, restMs: 300 },
      start: ['--replicas', String(replicas), ...clocksApart],
      faults: [
        across,
        migrations,
        kill(...others),
        ...agentDoors.map((name) => killAgentDoor(name, say)),
        rollingRestart(rounds),
      ],
    });
    process.stdout.write(`${told.join('\n')}\n`);
    expect({ complaints: verdict.complaints, broken: verdict.broken }).toEqual({ complaints: [], broken: [] });
    expect(verdict.jobs).toBeGreaterThan(20);
  }, 600_000);
});
