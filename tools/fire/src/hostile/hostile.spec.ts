import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '@grpc/grpc-js';
import { devOf, Plane, unlimited } from '@runos/tool-e2e';
import { floodAgents } from './agent-flood.js';
import { crowd, type Findings, fuzzAgents, fuzzContracts, fuzzHttp } from './attack.js';
import { mayGrowMib } from './hostile.js';
import { intruder } from './intruder.js';
import { issueSecrets } from './issue-secrets.js';
import type { Served } from './served.js';
import type { Target } from './target.js';

describe('a plane under hostile input', () => {
  let plane: Plane;
  let target: Target;
  let intruders: readonly Client[] = [];
  beforeAll(async () => {
    plane = await Plane.create();
    const dev = await plane.start('clusterReady', unlimited);
    target = { ...dev, data: plane.data };
    await issueSecrets(target);
    intruders = await Promise.all(['mad-1', 'mad-2'].map((name) => intruder(target, name)));
  }, 180_000);
  afterAll(async () => {
    intruders.forEach((client) => client.close());
    await plane.remove();
  }, 60_000);

  const expectServed = (during: string, { asked, failed }: Served): void =>
    expect([during, asked > 0, failed]).toEqual([during, true, 0]);

  function expectHarmless({ written, grown, served }: Findings<unknown>): void {
    expect(written).toEqual([]);
    expect(Object.entries(grown).filter(([, mib]) => mib > mayGrowMib)).toEqual([]);
    expectServed('the attack', served);
  }

  it('refuses whatever is sent to its operations, and writes nothing', async () => {
    const seen = await fuzzHttp(target, 800, 1);
    expect(seen.findings.sent).toBeGreaterThanOrEqual(400);
    expect(seen.findings.wrong).toEqual([]);
    expectHarmless(seen);
  }, 120_000);

  it('answers an invalid question of a service as that', async () => {
    const seen = await fuzzContracts(target, 5, 1);
    expect(seen.findings.sent).toBeGreaterThan(10 * seen.findings.contracts);
    expect(seen.findings.wrong).toEqual([]);
    expectHarmless(seen);
  }, 120_000);

  it('hears out agents gone mad', async () => {
    const seen = await fuzzAgents(target, intruders, 300, 1);
    expect(seen.findings.unexpected).toEqual([]);
    expectHarmless(seen);
    expect((await devOf(plane.data)).clusterReady).toBe(true);
  }, 120_000);

  it('hears other agents while some flood it', async () => {
    const { said, calm, served } = await floodAgents(target, intruders, 2_000);
    expect(said).toBeGreaterThan(500);
    expectServed('the flood, as an agent', calm);
    expectServed('the flood', served);
  }, 120_000);

  it('serves others while it is crowded', async () => {
    const outcomes = await crowd(target, 4_000, 1_000);
    expect(outcomes.length).toBe(6);
    for (const { attack, served } of outcomes) expectServed(attack, served);
  }, 120_000);

  it('has lost no process', async () => {
    expect((await devOf(plane.data)).pids).toEqual(target.pids);
  });

  it('has told no secret to any log, refusal, message or table', async () => {
    const { places } = await plane.finish();
    const some = ['gateway.log', 'reconciler.log', 'nats.log', 'jobs.job_log.line', 'reconciler.outbox.body'];
    expect(places).toEqual(expect.arrayContaining(some));
    expect(places.some((name) => name.endsWith('.blk'))).toBe(true);
  }, 60_000);
});
