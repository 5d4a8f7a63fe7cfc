import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  type Envelope,
  NodeAgentHeartbeatToServer,
  openStream,
  refusalCodeOf,
  reportEnvelope,
  streamService,
} from '@runos/agent-protocol';
import { agentGateway } from '@runos/contracts';
import { agentClient, ApiClient, eventually, type PlaneInfo, readPlaneInfo, withSql } from '@runos/tool-e2e';
import { joinAsNode } from '../agent/join-as-node.js';
import type { InjectedFault } from '../kill/faults.js';
import type { Ledger } from '../load/ledger.js';
import { assertClockSkew } from './clock-skew.js';
import { agentGateways } from './replica-faults.js';

/** No fault: checks under load that the effects of one replica are visible at the other. */
export const checkAcrossReplicas: InjectedFault = {
  name: 'done at one replica, seen at the other',
  hits: [],
  async inject(data, ledger) {
    const dev = await readPlaneInfo(data);
    await assertClockSkew(data);
    await sendKeyTwice(dev, ledger);
    await revokeTokenAcross(dev);
    await revokeCertificateAcross(dev);
    await checkForwardedInstructions(dev);
  },
};

/** The time within which a followed job must end, ms. */
const jobTimeoutMs = 60_000;

/**
 * The same request with the same key through both gateways at once creates one resource, and both respond with it. The
 * other gateway streams its job to the end.
 */
async function sendKeyTwice({ aid, cid, token, replicas }: PlaneInfo, ledger: Ledger): Promise<void> {
  const key = `across-${ledger.jobs.size}`;
  const path = `/${aid}/${cid}/services/valkey`;
  const cpuLimitMc = 1_001;
  const from = Date.now();
  const create = ({ apiUrl }: PlaneInfo['replicas'][number]) =>
    new ApiClient(apiUrl, token).post(path, { name: key, cpuLimitMc }, { headers: { 'idempotency-key': key } });
  const answers = await Promise.all(replicas.map(create));
  const [{ status, body } = { status: 0, body: {} }] = answers;
  if (status !== 202) throw new Error(`one key at every gateway was answered ${status} ${JSON.stringify(body)}`);
  const other = answers.find((answer) => !isDeepStrictEqual([answer.status, answer.body], [status, body]));
  if (other) throw new Error(`one key got two answers: ${JSON.stringify(body)} and ${JSON.stringify(other.body)}`);
  const { osid, id, jobId } = body as Record<string, string>;
  ledger.jobs.set(key, String(jobId));
  const writes = [{ cpuLimitMc, from, to: Date.now() }];
  await followJob(`${replicas.at(-1)?.apiUrl}/jobs/${jobId}/stream`, token);
  ledger.instances.push({ osid: String(osid), path: `${path}/${id}`, key, writes, deleted: false });
}

/** Reads server-sent events until the server ends the stream. @throws Error when the job did not complete */
async function followJob(url: string, token: string): Promise<void> {
  const signal = AbortSignal.timeout(jobTimeoutMs);
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal });
  const statuses = [...(await response.text()).matchAll(/^event: job\nid: .*\ndata: (.*)$/gm)].map(
    ([, data]) => (JSON.parse(data ?? '{}') as { status?: string }).status,
  );
  if (statuses.at(-1) !== 'completed') throw new Error(`a followed job was last seen ${statuses.at(-1) ?? 'never'}`);
}

/**
 * The time within which a revocation at one replica applies at the other, ms. Without its event, the end of the time in
 * the cache (30 s) or the next maintenance (10 s) would apply it.
 */
const revocationMs = 8_000;

/** A token that is revoked at one gateway is rejected by the other, which has just accepted it. */
async function revokeTokenAcross({ aid, token, replicas: [here, there] }: PlaneInfo): Promise<void> {
  if (!here || !there) throw new Error('there are no two gateways');
  const owner = new ApiClient(here.apiUrl, token);
  const { body } = await owner.post(`/${aid}/api-keys`, { name: 'across' });
  const caller = new ApiClient(there.apiUrl, String(body['token']));
  const status = async (): Promise<number> => (await caller.get(`/${aid}/clusters`)).status;
  const before = await status();
  if (before !== 200) throw new Error(`a token of one gateway was answered ${before} by the other`);
  const revoked = await owner.post(`/${aid}/api-keys/${String(body['id'])}/revoke`, {});
  if (revoked.status !== 200) throw new Error(`a revocation was answered ${revoked.status}`);
  await eventually('the other gateway to refuse a revoked token', async () => (await status()) === 401, revocationMs);
}

const heartbeat = { externalIpAddress: '', isCp: false, isWorker: true, status: 'ready', version: '0.0.0' };

/** A certificate that is revoked at one agent gateway ends the stream that the other holds. */
async function revokeCertificateAcross(dev: PlaneInfo): Promise<void> {
  const [here, there] = dev.replicas;
  if (!here || !there) throw new Error('there are no two agent gateways');
  const client = agentClient(there.stream, await joinAsNode(dev, here.register, 'across'));
  try {
    const stream = openStream(client, streamService.NodeAgentStream);
    const firstReply = new Promise<Envelope>((resolve) => stream.once('data', resolve));
    stream.on('error', () => undefined);
    const ended = new Promise<string>((resolve) =>
      stream.once('status', ({ metadata, details }) => resolve(refusalCodeOf(metadata) ?? details)),
    );
    stream.write(reportEnvelope(NodeAgentHeartbeatToServer, heartbeat, randomUUID()));
    await Promise.race([firstReply, ended.then((why) => Promise.reject(new Error(`a stream was refused: ${why}`)))]);
    await joinAsNode(dev, here.register, 'across'); // the same machine registers again, which revokes its previous certificate
    let why: string | undefined;
    void ended.then((reason) => (why = reason));
    await eventually('the other agent gateway to end the stream', async () => why, revocationMs);
    if (why !== 'certificate-revoked') throw new Error(`the stream of a revoked certificate ended with ${why}`);
  } finally {
    client.close();
  }
}

/** The time within which the load uses both replicas, ms. */
const withinMs = 30_000;

/**
 * Instructions reach the agent through the replica without the cluster's stream. Under load that replica forwards some
 * of them, and no worker gets the answer that the agent is disconnected.
 */
async function checkForwardedInstructions(dev: PlaneInfo): Promise<void> {
  const holder = await holderOf(dev);
  const other = agentGateways.find((name) => name !== holder);
  const answered = (): Promise<number> =>
    count(dev, [String(other)], 'rpc_server_call_duration_seconds_count', agentGateway.instruct.subject, 'ok');
  const absent = (): Promise<number> =>
    count(dev, Object.keys(dev.ops), 'runos_delivery_duration_seconds_count', 'absent');
  const [answeredBefore, absentBefore] = [await answered(), await absent()];
  await eventually(`${other} to pass on an instruction`, async () => (await answered()) > answeredBefore, withinMs);
  const missed = (await absent()) - absentBefore;
  if (missed > 0 && (await holderOf(dev)) === holder) {
    throw new Error(`${missed} instructions did not find the stream, which is at ${holder}`);
  }
}

/** The replica that holds the stream of the cluster's agent; a replica's name ends with the number of its process. */
const holderOf = ({ aid, cid, databaseUrl, pids }: PlaneInfo): Promise<string> =>
  withSql(databaseUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT r.name FROM agent_gateway.agent a JOIN agent_gateway.session s USING (session_no)
       JOIN agent_gateway.replica r ON r.id = s.replica_id
       WHERE a.aid = $1 AND a.cid = $2 AND a.nid = '' AND s.closed_at IS NULL`,
      [aid, cid],
    );
    const holder = agentGateways.find((name) => rows[0]?.name.endsWith(`-${pids[name]}`));
    if (holder === undefined) throw new Error(`no replica holds the stream of ${cid}: ${JSON.stringify(rows)}`);
    return holder;
  });

/** The sum over these processes of all series of a metric that have all these labels. */
async function count(
  { ops }: PlaneInfo,
  names: readonly string[],
  metric: string,
  ...labels: string[]
): Promise<number> {
  const texts = await Promise.all(names.map(async (name) => (await fetch(`${ops[name]}/metrics`)).text()));
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.startsWith(`${metric}{`) && labels.every((label) => line.includes(`="${label}"`)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
