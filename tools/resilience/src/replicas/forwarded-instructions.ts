import { agentGateway } from '@runos/contracts';
import { type PlaneInfo, eventually, withSql } from '@runos/tool-e2e';
import { agentGateways } from './replica-faults.js';

/** The time within which the load uses both replicas, ms. */
const withinMs = 30_000;

/**
 * Instructions reach the agent through the replica without the cluster's stream: that replica forwards some under load,
 * and no worker is told that the agent is disconnected.
 */
export async function checkForwardedInstructions(dev: PlaneInfo): Promise<void> {
  const holder = await holderOf(dev);
  const other = agentGateways.find((name) => name !== holder);
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
const holderOf = ({ aid, cid, databaseUrl, pids }: PlaneInfo): Promise<string> =>
  withSql(databaseUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT r.name FROM agent_gateway.agent a JOIN agent_gateway.session s USING (session_no)
       JOIN agent_gateway.replica r ON r.id = s.replica_id
       WHERE a.aid = $1 AND a.cid = $2 AND a.nid = '' AND s.closed_at IS NULL`,
      [aid, cid],
    );
    const holder = agentGateways.find((name) => rows[0]?.name.endsWith(`-${pids[name]}`));
    if (holder === undefined) throw new Error(`no replica holds the stream of ${cid}: ${JSON.stringify(rows)}`);
    return holder;
  });

/** The sum over these processes of all series of a metric that have all these labels. */
async function count(
  { ops }: PlaneInfo,
  names: readonly string[],
  metric: string,
  ...labels: string[]
): Promise<number> {
  const texts = await Promise.all(names.map(async (name) => (await fetch(`${ops[name]}/metrics`)).text()));
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.startsWith(`${metric}{`) && labels.every((label) => line.includes(`="${label}"`)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
