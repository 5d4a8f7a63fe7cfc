import { randomUUID } from 'node:crypto';
import {
  type Envelope,
  NodeAgentHeartbeatToServer,
  openStream,
  refusalCodeOf,
  reportEnvelope,
  streamService,
} from '@runos/agent-protocol';
import { agentClient, ApiClient, type PlaneInfo, eventually } from '@runos/tool-e2e';
import { joinAsNode } from '../agent/join-as-node.js';

/** The time within which a revocation at one replica applies at the other, ms. */
const revocationMs = 2_000;

/** A token that is revoked at one gateway is rejected by the other, which has just accepted it. */
export async function revokeTokenAcross({ aid, token, replicas: [here, there] }: PlaneInfo): Promise<void> {
  if (!here || !there) throw new Error('there are no two gateways');
  const owner = new ApiClient(here.apiUrl, token);
  const { body } = await owner.post(`/${aid}/api-keys`, { name: 'across' });
  const caller = new ApiClient(there.apiUrl, String(body['token']));
  const status = async (): Promise<number> => (await caller.get(`/${aid}/clusters`)).status;
  const before = await status();
  if (before !== 200) throw new Error(`a token of one gateway was answered ${before} by the other`);
  const revoked = await owner.post(`/${aid}/api-keys/${String(body['id'])}/revoke`, {});
  if (revoked.status !== 200) throw new Error(`a revocation was answered ${revoked.status}`);
  await eventually('the other gateway to refuse a revoked token', revocationMs, async () => (await status()) === 401);
}

const heartbeat = { externalIpAddress: '', isCp: false, isWorker: true, status: 'ready', version: '0.0.0' };

/** A certificate that is revoked at one agent gateway ends the stream that the other holds. */
export async function revokeCertificateAcross(dev: PlaneInfo): Promise<void> {
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
    await eventually('the other agent gateway to end the stream', revocationMs, async () => why);
    if (why !== 'certificate-revoked') throw new Error(`the stream of a revoked certificate ended with ${why}`);
  } finally {
    client.close();
  }
}
