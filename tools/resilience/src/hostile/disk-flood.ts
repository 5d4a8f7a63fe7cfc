import { bucketOf, BundleStatus, encodeJson, RESYNC } from '@runos/agent-protocol';
import { ApiClient, issueAgentCredentials, TestAgent, withSql } from '@runos/tool-e2e';
import { randomBytes, randomUUID } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Target } from './target.js';

export interface DiskFindings {
  readonly sent: number;
  /** The growth of the logs of the plane, bytes. */
  readonly logBytes: number;
  /** The growth of the tables with events and job logs, and how many events the instance has. */
  readonly tableBytes: number;
  readonly events: number;
}

const cid = 'flood';

/** The agent of a cluster with one instance tries to fill the disk of the plane, with `count` messages of each kind. */
export async function floodDisk(target: Target, count: number): Promise<DiskFindings> {
  const { api, osid } = await createInstance(target);
  const proofs = await withSql(target.databaseUrl, (sql) => issueAgentCredentials(sql, target.data, target.aid, [cid]));
  const proof = proofs.get(cid);
  if (proof === undefined) throw new Error(`no credentials were issued for ${cid}`);
  const agent = new TestAgent(target.agentGateway.stream, proof);
  try {
    await agent.hello([]);
    const [logs, tables] = [await logBytes(target), await tableBytes(target)];
    const attacks = [driftsOf, foreignBundleOf, unknownInstance];
    for (const attack of attacks) {
      for (let n = 0; n < count; n += 1) await agent.exchange({ ...attack(osid, n), tag: randomUUID() });
    }
    const { body } = await api.get(`/${target.aid}/${cid}/services/valkey/${osid}/events?limit=100`);
    return {
      sent: attacks.length * count,
      logBytes: (await logBytes(target)) - logs,
      tableBytes: (await tableBytes(target)) - tables,
      events: (body['events'] as unknown[]).length,
    };
  } finally {
    agent.close();
  }
}

async function createInstance({ apiUrl, token, aid }: Target): Promise<{ api: ApiClient; osid: string }> {
  const api = new ApiClient(apiUrl, token);
  await api.post(`/${aid}/clusters`, { cid });
  const { status, body } = await api.post(`/${aid}/${cid}/services/valkey`, { name: 'flooded' });
  if (status >= 300) throw new Error(`the creation of an instance was answered ${status}`);
  return { api, osid: String(body['osid']) };
}

const random = (bytes: number): string => randomBytes(bytes).toString('hex');

/** A status with eight drifts of 95 long random fields. */
const driftsOf = (osid: string) => ({
  type: BundleStatus.type,
  jsonB64: encodeJson({
    osid,
    generation: 1,
    digest: random(32),
    phase: 'ready',
    conditions: [],
    objects: [],
    drift: Array.from({ length: 8 }, (_, n) => ({
      object: { apiVersion: 'v1', kind: 'ConfigMap', name: `x${n}`, namespace: osid },
      fields: Array.from({ length: 95 }, () => random(500)),
      manager: 'm',
      at: new Date().toISOString(),
      action: 'reported',
    })),
  }),
});

const listOf = (osid: string, revision: number, digest: string) => ({
  type: RESYNC.type,
  jsonB64: encodeJson({
    step: 'list',
    buckets: [bucketOf(osid)],
    entries: [{ osid, revision, digest, generation: 5 }],
    last: true,
  }),
});

const foreignBundleOf = (osid: string, n: number) => listOf(osid, 1_000 + n, random(32));
const unknownInstance = (_: string, n: number) => listOf(`valkey-zzzz${n % 10}`, 1, 'a'.repeat(64));

async function logBytes({ data }: Target): Promise<number> {
  const folder = join(data, 'logs');
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

const tableBytes = ({ databaseUrl }: Target): Promise<number> =>
  withSql(databaseUrl, async (sql) => {
    const { rows } = await sql.query<{ bytes: string }>(
      `SELECT sum(pg_total_relation_size(name::regclass)) AS bytes
         FROM unnest(ARRAY['reconciler.instance_event', 'reconciler.job_log', 'jobs.job_log', 'identity.audit_entry']) AS name`,
    );
    return Number(rows[0]?.bytes);
  });
