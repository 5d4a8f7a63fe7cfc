import { isDeepStrictEqual } from 'node:util';
import { ApiClient, type PlaneInfo } from '@runos/tool-e2e';
import { type Ledger } from '../load/ledger.js';

/** The time within which a followed job must end, ms. */
const jobTimeoutMs = 60_000;

/**
 * The same request with the same key through both gateways at once creates one resource, and both respond with it. The
 * other gateway streams its job to the end.
 */
export async function sendKeyTwice({ aid, cid, token, replicas }: PlaneInfo, ledger: Ledger): Promise<void> {
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
