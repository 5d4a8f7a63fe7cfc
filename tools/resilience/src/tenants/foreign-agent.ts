import {
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
import { beatAsNode, type Intruders, intrudeByCalls } from './foreign-calls.js';
import { renewAsAnother } from './foreign-renewal.js';
import { type Ids, missingIds } from './ids.js';
import { osidOf } from './samples.js';
import { changedTables, settled, tableDigests } from './table-digests.js';
import type { TwoAccounts } from './two-accounts.js';

export interface AuditEntry {
  readonly aid: string;
  readonly action: string;
  readonly subject: string;
  readonly outcome: string;
  readonly detail: Readonly<Record<string, string>>;
}

export interface AgentVerdict {
  readonly tried: number;
  readonly wrong: readonly string[];
  /** Tables that are not as before. */
  readonly changed: readonly string[];
  /** Whose agent it was. */
  readonly account: string;
  /** What was written into the audit log meanwhile, whoever's it is. */
  readonly audited: readonly AuditEntry[];
}

/** So often the same is tried: the audit log must not fill. */
const repetitions = 40;

/**
 * Agents whose certificates are real, of the other account's cluster and node, say and ask whatever they can about this
 * account's instances, cluster and node, and answer the instruction that this account's agent is just thinking about.
 */
export async function tryForeignAgent(dev: PlaneInfo, accounts: TwoAccounts, sql: pg.Client): Promise<AgentVerdict> {
  const { own, other, proofs } = accounts;
  const intruders = await intrudersOf(dev, accounts);
  const victim = new TestAgent(dev.agentGateway.stream, proofs.own);
  const intruder = new TestAgent(dev.agentGateway.stream, proofs.other);
  try {
    const pending = new Promise<Envelope>((resolve) => {
      victim.onInstruction = (told) => {
        if (decoded(told).includes(osidOf(own))) resolve(told);
        else victim.send(accepting(told));
      };
    });
    intruder.onInstruction = (told) => intruder.send(accepting(told));
    for (const agent of [victim, intruder]) {
      await agent.hello([]);
      await agent.heartbeat();
    }
    await beatAsNode(intruders.node);
    const instruction = await pending;
    const before = await settled(sql);
    const [{ last }] = (
      await sql.query<{ last: string }>('SELECT coalesce(max(id), 0) AS last FROM identity.audit_entry')
    ).rows as [{ last: string }];
    const calls = await intrudeByCalls(dev, intruders, own, other);
    const wrong = [...(await intrude(intruder, own, instruction)), ...calls.wrong];
    const audited = await eventually('every refusal to be audited', 10_000, async () => {
      const { rows } = await sql.query<AuditEntry>(
        'SELECT aid, action, subject, outcome, detail FROM identity.audit_entry WHERE id > $1',
        [last],
      );
      return new Set(rows.map(({ action }) => action)).size >= refusedActions.length && rows;
    });
    const changed = changedTables(before, await tableDigests(sql));
    wrong.push(...(await renewAsAnother(dev, proofs.other, own, sql)));
    victim.send(accepting(instruction));
    await eventually('the agent that was asked to be heard', 10_000, async () => {
      const { rows } = await sql.query(
        'SELECT FROM reconciler.work w JOIN reconciler.instance i USING (id) WHERE i.osid = $1 AND w.delivered_revision > 0',
        [osidOf(own)],
      );
      return rows.length > 0;
    });
    const tried = attempts(own, instruction).length + repetitions + calls.tried;
    return { tried, wrong, changed, account: other.aid, audited };
  } finally {
    victim.close();
    intruder.close();
    intruders.node.close();
  }
}

/** As which refusals are written into the audit log, each at least once. */
export const refusedActions = ['agent.answer', 'agent.identity', 'agent.register', 'agent.resync', 'agent.status'];

/** Two agents of the other account, and a token of each account that would let in another. */
async function intrudersOf(dev: PlaneInfo, { own, other, proofs, tokens }: TwoAccounts): Promise<Intruders> {
  const token = async (account: Ids, holder: string | undefined): Promise<string> => {
    const path = `/${account.aid}/clusters/${account.cid}/registration-tokens`;
    const { body } = await new ApiClient(dev.apiUrl, holder).post(path, { purpose: 'node' });
    return String(body['token']);
  };
  const { register, stream } = dev.agentGateway;
  const theirs = { ...dev, aid: other.aid, cid: other.cid, token: String(tokens.stranger) };
  const node = await joinAsNode(theirs, register, 'intruder');
  return {
    proofs: { cluster: proofs.other, node },
    node: new TestAgent(stream, node, 'NodeAgentStream'),
    tokens: { own: await token(own, dev.token), other: await token(other, tokens.stranger) },
  };
}

interface Attempt {
  readonly said: Envelope;
  /** What comes back, with OSID for the instance it is about; null: nothing does. */
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
  const refused = (said: Envelope): Attempt => ({ said, answer: 'an error' });
  const ignored = (said: Envelope): Attempt => ({ said, answer: null });
  const hello = { version: '1', capabilities: [bundlesCapability] };
  const claims = [{ aid: own.aid }, { cid: own.cid }, { nid: own.nid }];
  const yes = accepting(instruction);
  return [
    ...bundlePhases.map((phase) => ({ said: statusOf(osid, phase), answer: '{}' as const })),
    { said: listOf(osid), answer: '{"unknown":["OSID"]}' },
    ...claims.map((claim) => refused(envelope(ClusterAgentHeartbeatToServer, claim))),
    ...claims.map((claim) => refused(envelope(AgentHello, { ...hello, ...claim }))),
    ...claims.map((claim) => refused(envelope(RESYNC, { step: 'root', count: 0, root: '0'.repeat(32), ...claim }))),
    ...[yes, { ...yes, type: 'ERROR' }, { ...yes, type: 'NO_CONTENT' }, { ...yes, tag: randomUUID() }].map(ignored),
  ];
}

/** What was not answered as it must be, which is as it is about what does not exist. */
async function intrude(intruder: TestAgent, own: Ids, instruction: Envelope): Promise<string[]> {
  const wrong: string[] = [];
  const twins = attempts(missingIds, instruction);
  for (const [at, { said, answer }] of attempts(own, instruction).entries()) {
    const twin = twins[at]?.said as Envelope;
    if (answer === null) {
      intruder.send(said);
      continue;
    }
    const got = answered(await intruder.exchange(said), own);
    const gotTwin = answered(await intruder.exchange(twin), missingIds);
    const right = answer === 'an error' ? got.error : got.text === answer;
    if (!right || got.text !== gotTwin.text) {
      wrong.push(`${said.type} ${decoded(said)} was answered ${got.text}, that about nobody's ${gotTwin.text}`);
    }
  }
  const again = Array.from({ length: repetitions }, () => intruder.exchange(statusOf(osidOf(own), 'failed')));
  const same = (await Promise.all(again)).filter((each) => answered(each, own).text === '{}');
  if (same.length < repetitions) wrong.push(`only ${same.length} of ${repetitions} repetitions were answered alike`);
  return wrong;
}

const answered = (got: Envelope, about: Ids): { readonly error: boolean; readonly text: string } => ({
  error: errorIn(got) !== undefined,
  text: decoded(got).replaceAll(osidOf(about), 'OSID'),
});
