import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { devOf, Plane } from '@runos/tool-e2e';
import { crowd, fuzzAgents, fuzzContracts, fuzzHttp } from './attack.js';
import { unlimited } from './hostile.js';
import { issueSecrets } from './issue-secrets.js';
import { grepDatabase, grepSecrets, type Secret, secretsIn } from './secrets.js';
import { rowCounts, type Target } from './target.js';

/** What a process may keep of some thousand refused inputs: its heap breathes, but it does not grow with them. */
const mayGrowMib = 64;

describe('a plane under hostile input', () => {
  let plane: Plane;
  let target: Target;
  let secrets: readonly Secret[];
  beforeAll(async () => {
    plane = await Plane.create();
    const dev = await plane.start('clusterReady', unlimited);
    target = { ...dev, data: plane.data };
    secrets = await issueSecrets(target);
  }, 180_000);
  afterAll(() => plane.remove(), 60_000);

  const expectNoGrowth = (grown: Readonly<Record<string, number>>): void =>
    expect(Object.entries(grown).filter(([, mib]) => mib > mayGrowMib)).toEqual([]);

  it('refuses whatever is sent to its operations, and writes nothing', async () => {
    const { findings, written, grown } = await fuzzHttp(target, 800, 1);
    expect(findings.sent).toBeGreaterThanOrEqual(400);
    expect(findings.wrong).toEqual([]);
    expect(written).toEqual([]);
    expectNoGrowth(grown);
  }, 120_000);

  it('answers an invalid question of a service as that', async () => {
    const { findings, written, grown } = await fuzzContracts(target, 5, 1);
    expect(findings.sent).toBeGreaterThan(10 * findings.contracts);
    expect(findings.wrong).toEqual([]);
    expect(written).toEqual([]);
    expectNoGrowth(grown);
  }, 120_000);

  it('hears out an agent gone mad, and serves the others', async () => {
    const instances = (await rowCounts(target))['reconciler.instance'];
    const { unexpected } = await fuzzAgents(target, 300, 1);
    expect(unexpected).toEqual([]);
    expect(instances).toBeGreaterThan(0);
    expect((await devOf(plane.data)).clusterReady).toBe(true);
    expect((await rowCounts(target))['reconciler.instance']).toBe(instances);
  }, 120_000);

  it('serves others while it is crowded', async () => {
    const outcomes = await crowd(target, 4_000, 1_500);
    expect(outcomes.length).toBe(6);
    for (const { attack, reads, failed } of outcomes) expect([attack, reads > 0, failed]).toEqual([attack, true, 0]);
  }, 120_000);

  it('has lost no process', async () => {
    expect((await devOf(plane.data)).pids).toEqual(target.pids);
  });

  it('has told no secret to any log, message or table', async () => {
    expect(secrets.length).toBeGreaterThan(15);
    const files = grepSecrets(plane.data, secrets);
    expect(files.files).toEqual(expect.arrayContaining(['gateway.log', 'reconciler.log', 'nats.log']));
    expect(files.files.some((name) => name.endsWith('.blk'))).toBe(true);
    const database = await grepDatabase(target, secrets);
    expect(database.files).toEqual(expect.arrayContaining(['jobs.job_log.line', 'reconciler.outbox.body']));
    expect([...files.found, ...database.found]).toEqual([]);
  }, 60_000);

  it('would have been caught', () => {
    const secret = { name: 'a token', value: 'runos_pat_aaaaaaaaaaaa.bbbb' };
    const packed = Buffer.from(secret.value).toString('base64');
    expect(secretsIn(`said ${secret.value}, and ${packed}`, [secret])).toEqual(['a token']);
    expect(secretsIn('said nothing', [secret])).toEqual([]);
  });
});
