import { heartbeatReplyTimeoutMs, heartbeatIntervalMs } from '@runos/agent-protocol';
import { type PlaneInfo, eventually, withSql } from '@runos/tool-e2e';

/** The time to dial, authenticate and record a session on a busy machine, ms. */
const dialMs = 5_000;
/** An agent detects a half-open connection at the latest by the missing reply to its next heartbeat. */
const detectionMs = heartbeatIntervalMs + heartbeatReplyTimeoutMs;

/** Cuts every agent off and resolves once each has a new stream. @throws Error when that takes too long */
export const reconnectAgents = ({ databaseUrl }: PlaneInfo, cut: () => Promise<unknown>): Promise<void> =>
  withSql(databaseUrl, async (client) => {
    const { rows: before } = await client.query<{ last: string }>(
      'SELECT max(session_no) AS last FROM agent_gateway.session',
    );
    await cut();
    await eventually('every agent to have a new stream', detectionMs + dialMs, async () => {
      const { rows } = await client.query<{ old: number; fresh: number }>(
        `SELECT count(*) FILTER (WHERE session_no <= $1)::int AS old, count(*) FILTER (WHERE session_no > $1)::int AS fresh
         FROM agent_gateway.session WHERE closed_at IS NULL`,
        [before[0]?.last],
      );
      return rows[0]?.old === 0 && rows[0].fresh > 0;
    });
  });
