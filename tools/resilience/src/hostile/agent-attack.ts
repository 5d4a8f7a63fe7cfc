import type { Client } from '@grpc/grpc-js';
import { callUnary, type Envelope, openStream, registerService, reports, streamService } from '@runos/agent-protocol';
import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { registerDoor } from './intruder.js';
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

/** Opens a stream on which anything may be said; how it ends is for the gateway to decide. */
function speakOn(client: Client, method: 'ClusterAgentStream' | 'NodeAgentStream') {
  const stream = openStream(client, streamService[method]);
  let open = true;
  const end = (): void => void (open = false);
  stream.on('error', end).on('end', end).resume();
  return {
    /** False when there is nobody left to hear it; slows down to what is taken. */
    say: async (envelope: Envelope, slowMs: number): Promise<boolean> => {
      if (open && !stream.write(envelope)) await sleep(slowMs);
      return open;
    },
    end: (): void => stream.cancel(),
  };
}

/** Says everything there is to say on one stream. */
async function rant(...[client, method, said]: [...Parameters<typeof speakOn>, readonly Envelope[]]): Promise<void> {
  const { say, end } = speakOn(client, method);
  for (const envelope of said) if (!(await say(envelope, 5))) break;
  await sleep(500);
  end();
}

/** Fuzzes the registration door and both streams with `count` envelopes, said by agents that were let in. */
export async function attackAgents(
  target: Target,
  intruders: readonly Client[],
  count: number,
  seed: number,
): Promise<AgentFindings> {
  const said = fc.sample(envelopes, { numRuns: count, seed });
  const batches = Array.from({ length: Math.ceil(count / perStream) }, (_, at) => ({
    // A node may not even open the stream of a cluster agent: every tenth tries.
    method: at % 10 === 9 ? ('ClusterAgentStream' as const) : ('NodeAgentStream' as const),
    words: said.slice(at * perStream, (at + 1) * perStream),
  }));
  const queue = batches.values();
  const speak = async (client: Client): Promise<void> => {
    for (const { method, words } of queue) await rant(client, method, words);
  };
  await Promise.all(intruders.map(speak));
  const registrations = await knock(target, seed);
  return { envelopes: said.length, streams: batches.length, ...registrations };
}

const perStream = 100;

/** Registers with whatever comes to mind. */
async function knock(target: Target, seed: number): Promise<Pick<AgentFindings, 'registrations' | 'unexpected'>> {
  const door = await registerDoor(target);
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
      const outcome = await callUnary(door, registerService.Register, request, 10_000).then(
        () => 'let in',
        (error: { code: number; details: string }) => (error.code === 2 || error.code === 13 ? error.details : ''),
      );
      if (outcome !== '') unexpected.push(`registration: ${outcome}`);
    }
  } finally {
    door.close();
  }
  return { registrations: requests.length, unexpected };
}

/** Says as much as it is let, for a while: heartbeats without end, and what means nothing. */
export async function flood(client: Client, ms: number): Promise<number> {
  const { say, end } = speakOn(client, 'NodeAgentStream');
  const words = [
    { type: 'NodeAgentHeartbeatToServer', jsonB64: Buffer.from('{"status":"ready"}').toString('base64') },
    { type: 'BundleStatus', jsonB64: Buffer.alloc(20_000, 'x').toString('base64') },
  ];
  let said = 0;
  for (const until = performance.now() + ms; performance.now() < until; said += 1) {
    if (!(await say({ ...words[said % 2], tag: String(said) }, 1))) break;
  }
  end();
  return said;
}
