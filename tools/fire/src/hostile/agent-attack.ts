import { Client, credentials } from '@grpc/grpc-js';
import {
  callUnary,
  type Envelope,
  openStream,
  registerService,
  reports,
  type StreamService,
  streamService,
} from '@runos/agent-protocol';
import fc from 'fast-check';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { joinAsNode } from '../agent/join-as-node.js';
import { hostileValues } from './near-valid.js';
import type { Target } from './target.js';

const encoded = hostileValues.map((value) => Buffer.from(JSON.stringify(value) ?? '').toString('base64'));

/** Envelopes of every kind of wrongness; few of them are huge, because each takes its time. */
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

/** A node of the account's own, with a certificate that is real: the most that an intruder could have. */
const intruder = async (target: Target): Promise<Client> =>
  new Client(target.agentGateway.stream, await joinAsNode(target, target.agentGateway.register, 'fire'));

/** Says everything there is to say on one stream; how it ends is for the gateway to decide. */
async function rant(client: Client, method: keyof StreamService, said: readonly Envelope[]): Promise<void> {
  const stream = openStream(client, streamService[method as 'NodeAgentStream']);
  let open = true;
  const end = (): void => void (open = false);
  stream.on('error', end).on('end', end).resume();
  for (const envelope of said) {
    if (!open) break;
    if (!stream.write(envelope)) await sleep(5);
  }
  await sleep(500);
  stream.cancel();
}

/** Fuzzes the registration door and both streams with `count` envelopes. */
export async function attackAgents(target: Target, count: number, seed: number): Promise<AgentFindings> {
  const client = await intruder(target);
  const said = fc.sample(envelopes, { numRuns: count, seed });
  const perStream = 100;
  const unexpected: string[] = [];
  let streams = 0;
  try {
    for (let at = 0; at < said.length; at += perStream, streams += 1) {
      // A node may not even open the stream of a cluster agent: every tenth tries.
      const method = streams % 10 === 9 ? 'ClusterAgentStream' : 'NodeAgentStream';
      await rant(client, method, said.slice(at, at + perStream));
    }
  } finally {
    client.close();
  }
  const door = new Client(target.agentGateway.register, credentials.createSsl(await readFile(target.agentGateway.ca)));
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('', '\u0000', 'x'.repeat(50_000), '-----BEGIN CERTIFICATE REQUEST-----'),
  );
  const requests = fc.sample(
    fc.record({ aid: text, token: text, csrPem: text, agentKind: text, machineId: text, os: text }),
    { numRuns: 50, seed },
  );
  try {
    for (const request of requests) {
      const outcome = await callUnary(door, registerService.Register, request, 10_000).then(
        () => 'let in',
        (error: { code: number; details: string }) => (error.code === 2 || error.code === 13 ? error.details : ''),
      );
      if (outcome !== '') unexpected.push(`registration: ${outcome}`);
    }
  } finally {
    door.close();
  }
  return { envelopes: said.length, streams, registrations: requests.length, unexpected };
}
