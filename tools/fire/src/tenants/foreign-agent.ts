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
import { type Dev, eventually, HarnessAgent } from '@runos/tool-e2e';
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
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
 * An agent whose certificate is real, of the other account's cluster, says whatever it can about this account's
 * instances, cluster and node, and answers the instruction that this account's agent is just thinking about.
 */
export async function tryForeignAgent(dev: Dev, accounts: TwoAccounts, sql: pg.Client): Promise<AgentVerdict> {
  const { own, other, proofs } = accounts;
  const victim = new HarnessAgent(dev.agentGateway.stream, proofs.own);
  const intruder = new HarnessAgent(dev.agentGateway.stream, proofs.other);
  try {
    const pending = new Promise<Envelope>((resolve) => {
      victim.onInstruction = (told) => {
        if (decoded(told).includes(osidOf(own))) resolve(told);
        else victim.say(accepting(told));
      };
    });
    intruder.onInstruction = (told) => intruder.say(accepting(told));
    for (const agent of [victim, intruder]) {
      await agent.hello([]);
      await agent.beat();
    }
    const instruction = await pending;
    const before = await settled(sql);
    const [{ last }] = (
      await sql.query<{ last: string }>('SELECT coalesce(max(id), 0) AS last FROM identity.audit_entry')
    ).rows as [{ last: string }];
    const wrong = await intrude(intruder, own, instruction);
    const audited = await eventually('every refusal to be audited', 10_000, async () => {
      const { rows } = await sql.query<AuditEntry>(
        'SELECT aid, action, subject, outcome, detail FROM identity.audit_entry WHERE id > $1',
        [last],
      );
      return new Set(rows.map(({ action }) => action)).size >= 4 && rows;
    });
    const changed = changedTables(before, await tableDigests(sql));
    victim.say(accepting(instruction));
    await eventually('the agent that was asked to be heard', 10_000, async () => {
      const { rows } = await sql.query(
        'SELECT FROM reconciler.work w JOIN reconciler.instance i USING (id) WHERE i.osid = $1 AND w.delivered > 0',
        [osidOf(own)],
      );
      return rows.length > 0;
    });
    const tried = attempts(own, instruction).length + repetitions;
    return { tried, wrong, changed, account: other.aid, audited };
  } finally {
    victim.close();
    intruder.close();
  }
}

interface Attempt {
  readonly said: Envelope;
  /** What comes back; null: nothing does. */
  readonly answer: 'an error' | { readonly unknown: readonly string[] } | null;
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
    ...bundlePhases.map((phase) => refused(statusOf(osid, phase))),
    // What is another's is told apart from what does not exist by nobody.
    ...[osid, osidOf(missingIds)].map((each) => ({ said: listOf(each), answer: { unknown: [each] } })),
    ...claims.map((claim) => refused(envelope(ClusterAgentHeartbeatToServer, claim))),
    ...claims.map((claim) => refused(envelope(AgentHello, { ...hello, ...claim }))),
    ...claims.map((claim) => refused(envelope(RESYNC, { step: 'root', count: 0, root: '0'.repeat(32), ...claim }))),
    ...[yes, { ...yes, type: 'ERROR' }, { ...yes, type: 'NO_CONTENT' }, { ...yes, tag: randomUUID() }].map(ignored),
  ];
}

/** What was not refused as it must be. */
async function intrude(intruder: HarnessAgent, own: Ids, instruction: Envelope): Promise<string[]> {
  const wrong: string[] = [];
  for (const { said, answer } of attempts(own, instruction)) {
    if (answer === null) {
      intruder.say(said);
      continue;
    }
    const got = await intruder.exchange(said);
    const right =
      answer === 'an error' ? errorIn(got) !== undefined : got.jsonB64 === encodeJson({ unknown: answer.unknown });
    if (!right) wrong.push(`${said.type} ${said.jsonB64} was answered ${got.type} ${got.jsonB64}`);
  }
  const again = Array.from({ length: repetitions }, () => intruder.exchange(statusOf(osidOf(own), 'failed')));
  const refused = (await Promise.all(again)).filter((each) => errorIn(each) !== undefined);
  if (refused.length < repetitions) wrong.push(`only ${refused.length} of ${repetitions} repetitions were refused`);
  return wrong;
}
