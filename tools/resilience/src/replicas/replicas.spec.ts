import { describe, expect, it } from '@jest/globals';
import { serviceTypes } from '@runos/service-types';
import { propertySeed } from '@runos/testing-basics';
import { repository } from '@runos/tool-start';
import { runChaosTest } from '../kill/chaos-test.js';
import { restoreJobsDatabase } from '../history/restore-jobs-database.js';
import { freeze, kill } from '../kill/faults.js';
import { checkAcrossReplicas } from './across-replicas.js';
import { migrations } from './migrations.js';
import { runNewerRenderer } from './newer-renderer.js';
import { readOlderBuild } from './older-build.js';
import { planeOptions } from './plane-options.js';
import { agentGateways, killAgentGateway, rollingRestart, rounds } from './replica-faults.js';
import { runUnseenType } from './unseen-type.js';

const seed = propertySeed();

it('the catalog of an older build is read from its checkout', async () => {
  const types = serviceTypes.map(({ type }) => type);
  expect(await readOlderBuild(repository)).toEqual({ types, refusesNewerRenderers: true });
});

describe(`a plane of several replicas that loses single ones under load (RUNOS_TEST_SEED=${seed})`, () => {
  it('stays available, and keeps every guarantee', async () => {
    const lines: string[] = [];
    const print = (line: string): void => void lines.push(line);
    const others = (rounds.at(-1) ?? []).filter((name) => !agentGateways.includes(name));
    const result = await runChaosTest({
      seed,
      print,
      writes: 40,
      instances: 12,
      clients: 2,
      pauseMs: 500,
      faultPauseMs: 300,
      withinMs: 540_000,
      start: planeOptions('second'),
      faults: [
        checkAcrossReplicas,
        runUnseenType,
        runNewerRenderer,
        migrations,
        kill(...others),
        ...agentGateways.map((name) => killAgentGateway(name, print)),
        freeze('reconciler-2', 5_000),
        restoreJobsDatabase(2_000),
        rollingRestart(rounds),
      ],
    });
    process.stdout.write(`${lines.join('\n')}\n`);
    expect(result).toMatchObject({ unexpectedResponses: [], brokenGuarantees: [] });
    expect(result.jobs).toBeGreaterThan(20);
  }, 840_000);
});
