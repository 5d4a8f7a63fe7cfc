import { type Envelope } from '@runos/agent-protocol';
import { ApiClient, type PlaneInfo, eventually, TestAgent } from '@runos/tool-e2e';
import type pg from 'pg';
import { joinAsNode } from '../agent/join-as-node.js';
import { sendHeartbeatAsNode, type ForeignAgents, attemptCalls } from './foreign-calls.js';
import { accepting, attempts, decoded, repetitions, replayAsNode, sendAttempts } from './foreign-reports.js';
import { renewAsAnother } from './foreign-renewal.js';
import { type Ids, osidOf } from './samples.js';
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
  /** This account, and the other one. */
  readonly accounts: { readonly own: string; readonly other: string };
  /** The audit entries of all accounts meanwhile. */
  readonly audited: readonly AuditEntry[];
}

/**
 * Agents with valid certificates of the other account's cluster and node send everything that they can about this
 * account's instances, cluster and node. They also reply to an instruction that this account's agent is processing.
 * The agent of another cluster of this account does the same, and a node of the cluster sends what its agent has sent.
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
  const siblingAgent = await connectSibling(dev, accounts);
  const ownNode = await connectOwnNode(dev, own);
  try {
    const pending = new Promise<Envelope>((resolve) => {
      ownAgent.onInstruction = (instruction) => {
        if (decoded(instruction).includes(osidOf(own))) resolve(instruction);
        else ownAgent.send(accepting(instruction));
      };
    });
    foreignAgent.onInstruction = (instruction) => foreignAgent.send(accepting(instruction));
    for (const agent of [ownAgent, foreignAgent, siblingAgent]) {
      await agent.hello([]);
      await agent.heartbeat();
    }
    await sendHeartbeatAsNode(foreignAgents.node);
    await sendHeartbeatAsNode(ownNode);
    const instruction = await pending;
    const before = await stableDigests(sql);
    const [{ last }] = (
      await sql.query<{ last: string }>('SELECT coalesce(max(id), 0) AS last FROM identity.audit_entry')
    ).rows as [{ last: string }];
    const calls = await attemptCalls(dev, foreignAgents, own, other);
    const nodes = await replayAsNode(ownNode, own);
    const wrong = [
      ...(await sendAttempts(foreignAgent, own, instruction)),
      ...(await sendAttempts(siblingAgent, own, instruction, ['cid', 'nid'])),
      ...nodes.wrong,
      ...calls.wrong,
    ];
    const audited = await eventually('every refusal to be audited', async () => {
      const { rows } = await sql.query<AuditEntry>(
        'SELECT aid, action, subject, outcome, detail FROM identity.audit_entry WHERE id > $1',
        [last],
      );
      return new Set(rows.map(({ action }) => action)).size >= refusedActions.length && rows;
    });
    const changed = changedTables(before, await tableDigests(sql));
    wrong.push(...(await renewAsAnother(dev, credentials.other, own, sql)));
    ownAgent.send(accepting(instruction));
    await eventually('the reply of the instructed agent to be recorded', async () => {
      const { rows } = await sql.query(
        'SELECT FROM reconciler.work w JOIN reconciler.instance i USING (id) WHERE i.osid = $1 AND w.delivered_revision > 0',
        [osidOf(own)],
      );
      return rows.length > 0;
    });
    const tried = 2 * (attempts(own, instruction).length + repetitions) + nodes.tried + calls.tried;
    return { tried, wrong, changed, accounts: { own: own.aid, other: other.aid }, audited };
  } finally {
    ownAgent.close();
    foreignAgent.close();
    siblingAgent.close();
    ownNode.close();
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

/** Only a new cluster of this account has this id. */
const sibling = 'second';

/** The agent of another cluster of this account. */
async function connectSibling(dev: PlaneInfo, { own, issue }: TwoAccounts): Promise<TestAgent> {
  await new ApiClient(dev.apiUrl, dev.token).post(`/${own.aid}/clusters`, { cid: sibling });
  return new TestAgent(dev.agentGateway.stream, await issue(own.aid, sibling));
}

/** A node of this account's cluster. */
async function connectOwnNode(dev: PlaneInfo, { aid, cid }: Ids): Promise<TestAgent> {
  const { register, stream } = dev.agentGateway;
  return new TestAgent(stream, await joinAsNode({ ...dev, aid, cid }, register, 'ownNode'), 'NodeAgentStream');
}
