import type { Client } from '@grpc/grpc-js';
import { callUnary, type Envelope, openStream, registerService, reports, streamService } from '@runos/agent-protocol';
import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { registrationClient } from '../agent/join-as-node.js';
import { hostileValues } from './near-valid.js';
import type { Target } from './target.js';

const encoded = hostileValues.map((value) => Buffer.from(JSON.stringify(value) ?? '').toString('base64'));

/** Invalid envelopes of every kind; few are huge, because each of those takes long. */
const envelopes: fc.Arbitrary<Envelope> = fc.record({
  type: fc.oneof(fc.constantFrom(...Object.keys(reports), '', '__proto__', 'ERROR', 'X_RESPONSE'), fc.string()),
  jsonB64: fc.oneof(
    encoded,
    fc.string({ maxLength: 200 }),
    fc.base64String(),
    fc.constantFrom('====', 'A'.repeat(300_000)),
  ),
  tag: fc.oneof(fc.uuid(), fc.string(), fc.constantFrom('', 'x'.repeat(10_000))),
});

export interface AgentFindings {
  readonly envelopes: number;
  readonly streams: number;
  readonly registrations: number;
  readonly unexpected: readonly string[];
}

/** Opens a stream for arbitrary envelopes; the gateway decides when it ends. */
function openRawStream(client: Client, method: 'ClusterAgentStream' | 'NodeAgentStream') {
  const stream = openStream(client, streamService[method]);
  let open = true;
  const end = (): void => void (open = false);
  stream.on('error', end).on('end', end).resume();
  return {
    /** False when the stream has ended; waits for flow control. */
    send: async (envelope: Envelope, slowMs: number): Promise<boolean> => {
      if (open && !stream.write(envelope)) await sleep(slowMs);
      return open;
    },
    end: (): void => stream.cancel(),
  };
}

/** Sends all envelopes on one stream. */
async function sendEnvelopes(
  client: Client,
  method: 'ClusterAgentStream' | 'NodeAgentStream',
  sent: readonly Envelope[],
): Promise<void> {
  const { send, end } = openRawStream(client, method);
  for (const envelope of sent) if (!(await send(envelope, 5))) break;
  await sleep(500);
  end();
}

/** Fuzzes the registration endpoint and both streams with `count` envelopes from authenticated agents. */
export async function attackAgents(
  target: Target,
  attackers: readonly Client[],
  count: number,
  seed: number,
): Promise<AgentFindings> {
  const sent = fc.sample(envelopes, { numRuns: count, seed });
  const batches = Array.from({ length: Math.ceil(count / perStream) }, (_, at) => ({
    // A node must not open the stream of a cluster agent: every tenth tries.
    method: at % 10 === 9 ? ('ClusterAgentStream' as const) : ('NodeAgentStream' as const),
    batch: sent.slice(at * perStream, (at + 1) * perStream),
  }));
  const queue = batches.values();
  const sendBatches = async (client: Client): Promise<void> => {
    for (const { method, batch } of queue) await sendEnvelopes(client, method, batch);
  };
  await Promise.all(attackers.map(sendBatches));
  const registrations = await attackRegistration(target, seed);
  return { envelopes: sent.length, streams: batches.length, ...registrations };
}

const perStream = 100;

/** Registers with arbitrary requests. */
async function attackRegistration(
  target: Target,
  seed: number,
): Promise<Pick<AgentFindings, 'registrations' | 'unexpected'>> {
  const client = await registrationClient(target);
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('', '\u0000', 'x'.repeat(50_000), '-----BEGIN CERTIFICATE REQUEST-----'),
  );
  const requests = fc.sample(
    fc.record({ aid: text, token: text, csrPem: text, agentKind: text, machineId: text, os: text }),
    { numRuns: 25, seed },
  );
  const unexpected: string[] = [];
  try {
    for (const request of requests) {
      const outcome = await callUnary(client, registerService.Register, request, 10_000).then(
        () => 'accepted',
        (error: { code: number; details: string }) => (error.code === 2 || error.code === 13 ? error.details : ''),
      );
      if (outcome !== '') unexpected.push(`registration: ${outcome}`);
    }
  } finally {
    client.close();
  }
  return { registrations: requests.length, unexpected };
}

/** Sends as much as flow control admits for a while: heartbeats and invalid reports. */
export async function flood(client: Client, ms: number): Promise<number> {
  const { send, end } = openRawStream(client, 'NodeAgentStream');
  const heartbeat = {
    type: 'NodeAgentHeartbeatToServer',
    jsonB64: Buffer.from('{"status":"ready"}').toString('base64'),
  };
  const report = { type: 'BundleStatus', jsonB64: Buffer.alloc(20_000, 'x').toString('base64') };
  let sent = 0;
  for (const until = performance.now() + ms; performance.now() < until; sent += 1) {
    if (!(await send({ ...(sent % 2 === 0 ? heartbeat : report), tag: String(sent) }, 1))) break;
  }
  end();
  return sent;
}
