import {
  AddonStatus,
  AgentHello,
  BundleStatus,
  bundlePhases,
  bundlesCapability,
  ClusterAgentHeartbeatToServer,
  encodeJson,
  type Envelope,
  errorIn,
  type Report,
  RESYNC,
} from '@runos/agent-protocol';
import { type TestAgent } from '@runos/tool-e2e';
import { randomUUID } from 'node:crypto';
import { heartbeat } from './foreign-calls.js';
import { type Ids, missingIds, osidOf } from './samples.js';

/** The number of repetitions, which the audit log must not all record. */
export const repetitions = 40;

interface Attempt {
  readonly sent: Envelope;
  /** The reply, with OSID for the instance; null without a reply. */
  readonly answer: 'an error' | `{${string}}` | null;
}

const envelope = ({ type }: Report, body: unknown): Envelope => ({
  type,
  jsonB64: encodeJson(body),
  tag: randomUUID(),
});

/** The reply of an agent that accepts an instruction. */
export const accepting = ({ type, tag }: Envelope): Envelope => ({
  type: `${type}_RESPONSE`,
  jsonB64: encodeJson({ accepted: true }),
  tag,
});

/** The body of an envelope. */
export const decoded = ({ jsonB64 }: Envelope): string => Buffer.from(jsonB64, 'base64').toString('utf8');

const digest = 'ab'.repeat(32);
const statusOf = (osid: string, phase: string) =>
  envelope(BundleStatus, { osid, generation: 1, digest, phase, conditions: [], objects: [] });
const listOf = (osid: string) =>
  envelope(RESYNC, { step: 'list', buckets: [], entries: [{ osid, revision: 9, digest }], last: true });

type Claim = 'aid' | 'cid' | 'nid';
const allClaims: readonly Claim[] = ['aid', 'cid', 'nid'];

/** What an agent sends about the resources of another one; `claimed`: which of its names the other one does not have. */
export function attempts(own: Ids, instruction: Envelope, claimed: readonly Claim[] = allClaims): Attempt[] {
  const osid = osidOf(own);
  const refused = (sent: Envelope): Attempt => ({ sent, answer: 'an error' });
  const ignored = (sent: Envelope): Attempt => ({ sent, answer: null });
  const hello = { version: '1', capabilities: [bundlesCapability] };
  const claims = claimed.map((name) => ({ [name]: own[name] }));
  const yes = accepting(instruction);
  return [
    ...bundlePhases.map((phase) => ({ sent: statusOf(osid, phase), answer: '{}' as const })),
    { sent: listOf(osid), answer: '{"unknown":["OSID"]}' },
    ...claims.map((claim) => refused(envelope(ClusterAgentHeartbeatToServer, claim))),
    ...claims.map((claim) => refused(envelope(AgentHello, { ...hello, ...claim }))),
    ...claims.map((claim) => refused(envelope(AddonStatus, { addons: [], ...claim }))),
    ...claims.map((claim) => refused(envelope(RESYNC, { step: 'root', count: 0, root: '0'.repeat(32), ...claim }))),
    ...[yes, { ...yes, type: 'ERROR' }, { ...yes, type: 'NO_CONTENT' }, { ...yes, tag: randomUUID() }].map(ignored),
  ];
}

/** The attempts whose reply differs from that for missing resources. */
export async function sendAttempts(
  foreignAgent: TestAgent,
  own: Ids,
  instruction: Envelope,
  claimed: readonly Claim[] = allClaims,
): Promise<string[]> {
  const wrong: string[] = [];
  const counterparts = attempts(missingIds, instruction, claimed);
  for (const [at, { sent, answer }] of attempts(own, instruction, claimed).entries()) {
    const counterpart = counterparts[at]?.sent as Envelope;
    if (answer === null) {
      foreignAgent.send(sent);
      continue;
    }
    const got = answered(await foreignAgent.exchange(sent), own);
    const gotCounterpart = answered(await foreignAgent.exchange(counterpart), missingIds);
    const right = answer === 'an error' ? got.error : got.text === answer;
    if (!right || got.text !== gotCounterpart.text) {
      wrong.push(`${sent.type} ${decoded(sent)} got ${got.text}, that about missing resources ${gotCounterpart.text}`);
    }
  }
  const again = Array.from({ length: repetitions }, () => foreignAgent.exchange(statusOf(osidOf(own), 'failed')));
  const same = (await Promise.all(again)).filter((each) => answered(each, own).text === '{}');
  if (same.length < repetitions) wrong.push(`only ${same.length} of ${repetitions} repetitions were answered alike`);
  return wrong;
}

const answered = (got: Envelope, about: Ids): { readonly error: boolean; readonly text: string } => ({
  error: errorIn(got) !== undefined,
  text: decoded(got).replaceAll(osidOf(about), 'OSID'),
});

/** A node sends what only the cluster agent of its own cluster may send, and a hello with the inventory of a cluster. */
export async function replayAsNode(node: TestAgent, own: Ids): Promise<{ tried: number; wrong: string[] }> {
  const inventory = { count: 0, root: '0'.repeat(32) };
  const refused = [
    ...bundlePhases.map((phase) => statusOf(osidOf(own), phase)),
    listOf(osidOf(own)),
    envelope(RESYNC, { step: 'root', ...inventory }),
    envelope(AddonStatus, { addons: [] }),
    envelope(ClusterAgentHeartbeatToServer, {}),
  ];
  const wrong: string[] = [];
  for (const sent of refused) {
    const problem = errorIn(await node.exchange(sent));
    if (problem !== `${sent.type} is not for a node`) wrong.push(`${sent.type} of a node got ${problem}`);
  }
  const { version } = heartbeat; // a new one would be recorded
  const hello = await node.exchange(envelope(AgentHello, { version, capabilities: [], ...inventory }));
  if (decoded(hello) !== '{}') wrong.push(`the hello of a node with an inventory got ${decoded(hello)}`);
  return { tried: refused.length + 1, wrong };
}
