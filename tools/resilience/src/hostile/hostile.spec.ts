import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '@grpc/grpc-js';
import { propertySeed } from '@runos/testing-basics';
import { readPlaneInfo, Plane, unlimited } from '@runos/tool-e2e';
import { services } from '@runos/tool-start';
import { floodAgents } from './agent-flood.js';
import { floodDisk } from './disk-flood.js';
import {
  runConnectionFloods,
  type Findings,
  fuzzAgents,
  fuzzContracts,
  fuzzHttp,
  findGrowth,
  readsFor,
} from './attack.js';
import { requestCount } from './contract-attack.js';
import { connectAttacker, joinAsNode } from '../agent/join-as-node.js';
import { issueSecrets } from './issue-secrets.js';
import { inspectable } from './live-memory.js';
import { attackRegisterPort } from './registration-attack.js';
import { type StolenTokenFindings, useStolenAgentToken } from './stolen-agent-token.js';
import { useStolenReconciler } from './stolen-reconciler.js';
import type { ClientStatistics } from './client-statistics.js';
import type { Target } from './target.js';

const seed = propertySeed();

describe(`a plane under hostile input (RUNOS_TEST_SEED=${seed})`, () => {
  let plane: Plane;
  let target: Target;
  let attackers: readonly Client[] = [];
  beforeAll(async () => {
    plane = await Plane.create();
    const dev = await plane.start('clusterReady', { ...unlimited, ...inspectable });
    target = { ...dev, data: plane.data };
    await issueSecrets(target);
    attackers = await Promise.all(['hostile-1', 'hostile-2'].map((name) => connectAttacker(target, name)));
  });
  afterAll(async () => {
    attackers.forEach((client) => client.close());
    await plane.remove();
  });

  const expectServed = (during: string, { requests, failed }: ClientStatistics): void =>
    expect([during, requests > 0, failed]).toEqual([during, true, 0]);

  const own = expect.arrayContaining([...services.map(({ name }) => name), 'cluster-agent']);

  function expectHarmless({ written, live, grown, served }: Findings<unknown>): void {
    expect(written).toEqual([]);
    for (const needed of live) expect(Object.keys(needed)).toEqual(own);
    expect(grown).toEqual([]);
    expectServed('the attack', served);
  }

  it('serves before the attacks', async () => {
    expectServed('nothing', await readsFor(target, 500));
  });

  it('refuses every hostile request to its operations, and writes nothing', async () => {
    const seen = await fuzzHttp(target, 800, seed);
    expect(seen.findings.sent).toBeGreaterThanOrEqual(800);
    expect(seen.findings.wrong).toEqual([]);
    expectHarmless(seen);
  });

  it('answers an invalid request of a service with a fault', async () => {
    const seen = await fuzzContracts(target, 10, seed);
    expect(seen.findings.sent).toBeGreaterThan(30 * requestCount);
    expect(seen.findings.wrong).toEqual([]);
    expectHarmless(seen);
  });

  it('lets a caller without account, token and certificate write nothing, and registers others meanwhile', async () => {
    const attack = attackRegisterPort(target, 30);
    await joinAsNode(target, target.agentGateway.register, 'hostile-3');
    const { tokens, answers, audited, counted, open, served } = await attack;
    expect(answers).toEqual(['registration-refused: the registration token is not valid']);
    expect({ audited, counted, open, served }).toEqual({ audited: 0, counted: tokens, open: [], served: [] });
  });

  describe('and a stolen token of its cluster agent', () => {
    let findings: StolenTokenFindings;
    beforeAll(async () => {
      findings = await useStolenAgentToken(target);
    });

    it('keeps nodes, other namespaces, rights, policies and traffic from the thief', () => {
      expect(findings.wrong).toEqual([]);
      expect(findings.tried).toBeGreaterThan(170);
      expect(findings.own).toEqual([201, 201, 200]);
      expect(findings.podRefusal).toMatch(/violates PodSecurity "restricted/);
    });

    it('lets the thief read no Secret outside of the namespaces of the agent and of instances', () => {
      expect(findings.foreignSecrets).toEqual([]);
    });
  });

  it('applies nothing that its policies refuse for stolen credentials of its reconciler', async () => {
    const { tried, written, foreign } = await useStolenReconciler(target);
    expect(written).toEqual([]);
    expect(tried).toBeGreaterThan(60);
    const reason = expect.stringContaining('outside the namespace');
    expect(foreign).toMatchObject({ outcome: 'replied', body: { accepted: false, reason } });
  });

  it('survives hostile envelopes of agents', async () => {
    const seen = await fuzzAgents(target, attackers, 300, seed);
    expect(seen.findings.unexpected).toEqual([]);
    expectHarmless(seen);
    expect((await readPlaneInfo(plane.data)).clusterReady).toBe(true);
  });

  it('serves other agents while some flood it', async () => {
    const { sent, otherAgent, served } = await floodAgents(target, attackers, 2_000);
    expect(sent).toBeGreaterThan(500);
    expectServed('the flood, as an agent', otherAgent);
    expectServed('the flood', served);
  });

  it('lets no agent fill the disk with logs, events or job logs', async () => {
    const { sent, logBytes, tableBytes, events } = await floodDisk(target, 100);
    expect(sent).toBe(300);
    expect(events).toBeLessThanOrEqual(25);
    expect(tableBytes).toBeLessThan(1_000_000);
    expect(logBytes).toBeLessThan(1_000_000);
  });

  it('serves other clients during connection floods', async () => {
    const outcomes = await runConnectionFloods(target, 4_000, 1_000);
    expect(outcomes.length).toBe(5);
    for (const { attack, served } of outcomes) expectServed(attack, served);
  });

  it('has lost no process', async () => {
    expect((await readPlaneInfo(plane.data)).pids).toEqual(target.pids);
  });

  it('has written no secret to any log, refusal, message or table', async () => {
    const { places } = await plane.finish();
    const some = ['gateway.log', 'reconciler.log', 'nats.log', 'jobs.job_log.line', 'reconciler.outbox.body'];
    expect(places).toEqual(expect.arrayContaining(some));
    expect(places.some((name) => name.endsWith('.blk'))).toBe(true);
  });
});

describe('memory growth', () => {
  it('is detected between batches, also for processes without a measurement', () => {
    const needed = (gateway: number) => ({ gateway, jobs: 30 });
    expect(findGrowth([needed(30), needed(50), needed(51)])).toEqual([]);
    expect(findGrowth([needed(30), needed(50), needed(57)], 10)).toEqual([]);
    expect(findGrowth([needed(30), needed(50), needed(57)])).toEqual(['gateway kept 7.0 MB']);
    expect(findGrowth([{ jobs: 30 }, { jobs: 30 }, needed(30)])).toEqual([expect.stringMatching(/^gateway/)]);
    expect(() => findGrowth([{}, {}, {}])).toThrow('no process');
  });
});
