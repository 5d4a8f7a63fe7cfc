import { randomUUID } from 'node:crypto';
import {
  type Envelope,
  NodeAgentHeartbeatToServer,
  openStream,
  refusalCodeOf,
  reportEnvelope,
  streamService,
} from '@runos/agent-protocol';
import { agentClient, ApiClient, type Dev, eventually } from '@runos/tool-e2e';
import { joinAsNode } from '../agent/join-as-node.js';

/** What one replica takes away counts at the other within this time, ms. */
const promptlyMs = 2_000;

/** A token that is revoked at one gateway opens nothing at the other, which has just believed it. */
export async function revokeTokenAcross({ aid, token, replicas: [here, there] }: Dev): Promise<void> {
  if (!here || !there) throw new Error('there are no two gateways');
  const owner = new ApiClient(here.apiUrl, token);
  const { body } = await owner.post(`/${aid}/api-keys`, { name: 'across' });
  const caller = new ApiClient(there.apiUrl, String(body['token']));
  const status = async (): Promise<number> => (await caller.get(`/${aid}/clusters`)).status;
  const before = await status();
  if (before !== 200) throw new Error(`a token of one gateway was answered ${before} by the other`);
  const revoked = await owner.post(`/${aid}/api-keys/${String(body['id'])}/revoke`, {});
  if (revoked.status !== 200) throw new Error(`a revocation was answered ${revoked.status}`);
  await eventually('the other gateway to refuse a revoked token', promptlyMs, async () => (await status()) === 401);
}

const beat = { externalIpAddress: '', isCp: false, isWorker: true, status: 'ready', version: '0.0.0' };

/** A certificate that is revoked at one door ends the stream that the other door holds. */
export async function revokeCertificateAcross(dev: Dev): Promise<void> {
  const [here, there] = dev.replicas;
  if (!here || !there) throw new Error('there are no two agent gateways');
  const client = agentClient(there.stream, await joinAsNode(dev, here.register, 'across'));
  try {
    const stream = openStream(client, streamService.NodeAgentStream);
    const heard = new Promise<Envelope>((resolve) => stream.once('data', resolve));
    stream.on('error', () => undefined);
    const ended = new Promise<string>((resolve) =>
      stream.once('status', ({ metadata, details }) => resolve(refusalCodeOf(metadata) ?? details)),
    );
    stream.write(reportEnvelope(NodeAgentHeartbeatToServer, beat, randomUUID()));
    await Promise.race([heard, ended.then((why) => Promise.reject(new Error(`a stream was not taken: ${why}`)))]);
    await joinAsNode(dev, here.register, 'across'); // the same machine again: what it had before is worth nothing
    let why: string | undefined;
    void ended.then((told) => (why = told));
    await eventually('the other door to end the stream', promptlyMs, async () => why);
    if (why !== 'certificate-revoked') throw new Error(`the stream of a revoked certificate ended with ${why}`);
  } finally {
    client.close();
  }
}
