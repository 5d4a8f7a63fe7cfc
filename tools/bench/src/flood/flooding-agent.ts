import { AddonStatus, AgentHello, BundleStatus, encodeJson, RESYNC, type Report } from '@runos/agent-protocol';
import { bucketOf, ClusterAgentHeartbeatToServer, type ResyncEntry } from '@runos/agent-protocol';
import type { TestAgent } from '@runos/tool-e2e';
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** As many messages of one stream as the agent gateway handles at a time. */
const concurrent = 64;
/** Messages that are made in advance, so that making them does not load the processor during the flood. */
const variants = 500;

interface Message {
  readonly type: string;
  readonly jsonB64: string;
}

export interface FloodAnswers {
  readonly count: number;
  readonly errors: number;
}

/**
 * One agent sends statuses, resyncs, add-ons, hellos and heartbeats as fast as they are answered, for `ms`. Each differs
 * from the last and is written. Returns the number of answers and of errors among them. The stream is closed afterwards.
 */
export async function flood(agent: TestAgent, osids: readonly string[], ms: number): Promise<FloodAnswers> {
  const messages = Array.from({ length: variants }, (_, n) => messageOf(n, osids[n % osids.length] ?? ''));
  const answers = { count: 0, errors: 0 };
  let isOver = false;
  const send = async (sender: number): Promise<void> => {
    for (let n = sender; !isOver; n += concurrent) {
      const { type } = await agent.exchange({ ...(messages[n % variants] as Message), tag: randomUUID() });
      answers.count += 1;
      if (type === 'ERROR') answers.errors += 1;
    }
  };
  const senders = Array.from({ length: concurrent }, (_, sender) => send(sender));
  await Promise.race([sleep(ms), Promise.all(senders)]);
  isOver = true;
  agent.close(); // ends the exchanges that still wait
  await Promise.allSettled(senders);
  return answers;
}

const random = (characters: number): string => randomBytes(characters / 2).toString('hex');

const encoded = ({ type }: Report, body: unknown): Message => ({ type, jsonB64: encodeJson(body) });

const makers: readonly ((osid: string) => Message)[] = [
  (osid) =>
    encoded(BundleStatus, {
      osid,
      generation: 1,
      digest: random(64),
      phase: 'degraded',
      conditions: [{ type: 'Flood', status: 'False', reason: 'Flood', message: random(1_024) }],
      objects: [{ apiVersion: 'v1', kind: 'Pod', name: 'pod', state: 'failed', message: random(1_024) }],
    }),
  (osid) => {
    const entry = { osid, revision: 1, digest: random(64), generation: 1 } as ResyncEntry;
    return encoded(RESYNC, { step: 'list', buckets: [bucketOf(osid)], entries: [entry], last: true });
  },
  () =>
    encoded(AddonStatus, {
      addons: [{ name: 'cloudnative-pg', present: true, ours: false, version: `1.${random(2)}` }],
    }),
  () => encoded(AgentHello, { version: random(64), capabilities: [random(64)], count: 1, root: random(32) }),
  () =>
    encoded(ClusterAgentHeartbeatToServer, {
      problems: [{ verb: 'list', apiVersion: 'v1', kind: 'Pod', message: random(1_024) }],
    }),
];

const messageOf = (n: number, osid: string): Message => (makers[n % makers.length] as (osid: string) => Message)(osid);
