import { heartbeatReplyTimeoutMs, heartbeatIntervalMs } from '@runos/agent-protocol';
import { type Dev, eventually, withSql } from '@runos/tool-e2e';

/** To dial again, be let in and be written down, on a machine that is busy, ms. */
const dialMs = 5_000;
/** An agent misses an answer to the heartbeat after the one that still got through, at the latest. */
const noticedMs = heartbeatIntervalMs + heartbeatReplyTimeoutMs;

/** Cuts every agent off and resolves once each has a new stream. @throws Error when that takes longer than it may */
export const agentsBackAfter = ({ databaseUrl }: Dev, cut: () => Promise<unknown>): Promise<void> =>
  withSql(databaseUrl, async (client) => {
    const { rows: before } = await client.query<{ last: string }>(
      'SELECT max(session_no) AS last FROM agent_gateway.session',
    );
    await cut();
    await eventually('every agent to have a new stream', noticedMs + dialMs, async () => {
      const { rows } = await client.query<{ old: number; fresh: number }>(
        `SELECT count(*) FILTER (WHERE session_no <= $1)::int AS old, count(*) FILTER (WHERE session_no > $1)::int AS fresh
         FROM agent_gateway.session WHERE closed_at IS NULL`,
        [before[0]?.last],
      );
      return rows[0]?.old === 0 && rows[0].fresh > 0;
    });
  });
