import { agentGateway } from '@runos/contracts';
import { type Dev, eventually, withSql } from '@runos/tool-e2e';
import { agentDoors } from './replica-faults.js';

/** Clients write meanwhile, and either replica may be asked: both were within this time, ms. */
const withinMs = 30_000;

/**
 * Instructions that the replica without the cluster's stream is asked for reach the agent: it answers some while clients
 * write, and no worker hears that the agent is absent.
 */
export async function instructedElsewhere(dev: Dev): Promise<void> {
  const holder = await holderOf(dev);
  const other = agentDoors.find((name) => name !== holder);
  const answered = (): Promise<number> =>
    count(dev, [String(other)], 'rpc_server_call_duration_seconds_count', agentGateway.instruct.subject, 'ok');
  const absent = (): Promise<number> =>
    count(dev, Object.keys(dev.ops), 'runos_delivery_duration_seconds_count', 'absent');
  const [answeredBefore, absentBefore] = [await answered(), await absent()];
  await eventually(`${other} to pass on an instruction`, withinMs, async () => (await answered()) > answeredBefore);
  const missed = (await absent()) - absentBefore;
  if (missed > 0 && (await holderOf(dev)) === holder) {
    throw new Error(`${missed} instructions did not find the stream, which is at ${holder}`);
  }
}

/** The replica that holds the stream of the cluster's agent; a replica's name ends with the number of its process. */
const holderOf = ({ aid, cid, databaseUrl, pids }: Dev): Promise<string> =>
  withSql(databaseUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT r.name FROM agent_gateway.agent a JOIN agent_gateway.session s USING (session_no)
       JOIN agent_gateway.replica r ON r.id = s.replica_id
       WHERE a.aid = $1 AND a.cid = $2 AND a.nid = '' AND s.closed_at IS NULL`,
      [aid, cid],
    );
    const holder = agentDoors.find((name) => rows[0]?.name.endsWith(`-${pids[name]}`));
    if (holder === undefined) throw new Error(`nobody holds the stream of ${cid}: ${JSON.stringify(rows)}`);
    return holder;
  });

/** What these processes have counted in all lines of a metric that have all these words. */
async function count({ ops }: Dev, names: readonly string[], metric: string, ...labels: string[]): Promise<number> {
  const texts = await Promise.all(names.map(async (name) => (await fetch(`${ops[name]}/metrics`)).text()));
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.startsWith(`${metric}{`) && labels.every((label) => line.includes(`="${label}"`)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
