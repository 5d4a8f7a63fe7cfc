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
import { ApiClient, type PlaneInfo, eventually, TestAgent } from '@runos/tool-e2e';
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { joinAsNode } from '../agent/join-as-node.js';
import { sendHeartbeatAsNode, type ForeignAgents, attemptCalls } from './foreign-calls.js';
import { renewAsAnother } from './foreign-renewal.js';
import { type Ids, missingIds, osidOf } from './samples.js';
import { changedTables, stableDigests, tableDigests } from './table-digests.js';
import type { TwoAccounts } from './two-accounts.js';

export interface AuditEntry {
  readonly aid: string;
  readonly action: string;
  readonly subject: string;
  readonly outcome: string;
  readonly detail: Readonly<Record<string, string>>;
}

export interface ForeignAgentResult {
  readonly tried: number;
  readonly wrong: readonly string[];
  /** Tables that changed. */
  readonly changed: readonly string[];
  /** The account of the agent. */
  readonly account: string;
  /** The audit entries of all accounts meanwhile. */
  readonly audited: readonly AuditEntry[];
}

/** The number of repetitions, which the audit log must not all record. */
const repetitions = 40;

/**
 * Agents with valid certificates of the other account's cluster and node send everything that they can about this
 * account's instances, cluster and node. They also reply to an instruction that this account's agent is processing.
 */
export async function testForeignAgent(
  dev: PlaneInfo,
  accounts: TwoAccounts,
  sql: pg.Client,
): Promise<ForeignAgentResult> {
  const { own, other, credentials } = accounts;
  const foreignAgents = await connectForeignAgents(dev, accounts);
  const ownAgent = new TestAgent(dev.agentGateway.stream, credentials.own);
  const foreignAgent = new TestAgent(dev.agentGateway.stream, credentials.other);
  try {
    const pending = new Promise<Envelope>((resolve) => {
      ownAgent.onInstruction = (instruction) => {
        if (decoded(instruction).includes(osidOf(own))) resolve(instruction);
        else ownAgent.send(accepting(instruction));
      };
    });
    foreignAgent.onInstruction = (instruction) => foreignAgent.send(accepting(instruction));
    for (const agent of [ownAgent, foreignAgent]) {
      await agent.hello([]);
      await agent.heartbeat();
    }
    await sendHeartbeatAsNode(foreignAgents.node);
    const instruction = await pending;
    const before = await stableDigests(sql);
    const [{ last }] = (
      await sql.query<{ last: string }>('SELECT coalesce(max(id), 0) AS last FROM identity.audit_entry')
    ).rows as [{ last: string }];
    const calls = await attemptCalls(dev, foreignAgents, own, other);
    const wrong = [...(await sendAttempts(foreignAgent, own, instruction)), ...calls.wrong];
    const audited = await eventually('every refusal to be audited', 10_000, async () => {
      const { rows } = await sql.query<AuditEntry>(
        'SELECT aid, action, subject, outcome, detail FROM identity.audit_entry WHERE id > $1',
        [last],
      );
      return new Set(rows.map(({ action }) => action)).size >= refusedActions.length && rows;
    });
    const changed = changedTables(before, await tableDigests(sql));
    wrong.push(...(await renewAsAnother(dev, credentials.other, own, sql)));
    ownAgent.send(accepting(instruction));
    await eventually('the reply of the instructed agent to be recorded', 10_000, async () => {
      const { rows } = await sql.query(
        'SELECT FROM reconciler.work w JOIN reconciler.instance i USING (id) WHERE i.osid = $1 AND w.delivered_revision > 0',
        [osidOf(own)],
      );
      return rows.length > 0;
    });
    const tried = attempts(own, instruction).length + repetitions + calls.tried;
    return { tried, wrong, changed, account: other.aid, audited };
  } finally {
    ownAgent.close();
    foreignAgent.close();
    foreignAgents.node.close();
  }
}

/** The audit actions of refusals, sorted; each occurs at least once. */
export const refusedActions = ['agent.identity', 'agent.register', 'agent.reply', 'agent.resync', 'agent.status'];

/** Two agents of the other account, and an unused registration token of each account. */
async function connectForeignAgents(
  dev: PlaneInfo,
  { own, other, credentials, tokens }: TwoAccounts,
): Promise<ForeignAgents> {
  const token = async (account: Ids, holder: string | undefined): Promise<string> => {
    const path = `/${account.aid}/clusters/${account.cid}/registration-tokens`;
    const { body } = await new ApiClient(dev.apiUrl, holder).post(path, { purpose: 'node' });
    return String(body['token']);
  };
  const { register, stream } = dev.agentGateway;
  const otherAccount = { ...dev, aid: other.aid, cid: other.cid, token: String(tokens.outsider) };
  const node = await joinAsNode(otherAccount, register, 'foreignAgent');
  return {
    proofs: { cluster: credentials.other, node },
    node: new TestAgent(stream, node, 'NodeAgentStream'),
    tokens: { own: await token(own, dev.token), other: await token(other, tokens.outsider) },
  };
}

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

const accepting = ({ type, tag }: Envelope): Envelope => ({
  type: `${type}_RESPONSE`,
  jsonB64: encodeJson({ accepted: true }),
  tag,
});

const decoded = ({ jsonB64 }: Envelope): string => Buffer.from(jsonB64, 'base64').toString('utf8');

const digest = 'ab'.repeat(32);
const statusOf = (osid: string, phase: string) =>
  envelope(BundleStatus, { osid, generation: 1, digest, phase, conditions: [], objects: [] });
const listOf = (osid: string) =>
  envelope(RESYNC, { step: 'list', buckets: [], entries: [{ osid, revision: 9, digest }], last: true });

function attempts(own: Ids, instruction: Envelope): Attempt[] {
  const osid = osidOf(own);
  const refused = (sent: Envelope): Attempt => ({ sent, answer: 'an error' });
  const ignored = (sent: Envelope): Attempt => ({ sent, answer: null });
  const hello = { version: '1', capabilities: [bundlesCapability] };
  const claims = [{ aid: own.aid }, { cid: own.cid }, { nid: own.nid }];
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
async function sendAttempts(foreignAgent: TestAgent, own: Ids, instruction: Envelope): Promise<string[]> {
  const wrong: string[] = [];
  const counterparts = attempts(missingIds, instruction);
  for (const [at, { sent, answer }] of attempts(own, instruction).entries()) {
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
