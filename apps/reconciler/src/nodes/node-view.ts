import type { Node, NodeStatus } from '@runos/api';
import type { NodeRow } from '../schema/node-row.js';

function nodeStatus({ deleting, ready, was_ready }: NodeRow): NodeStatus {
  if (deleting) return 'deleting';
  if (ready) return 'ready';
  return was_ready ? 'not_ready' : 'pending';
}

/** `liveHeartbeatAt`: the agent gateway's time, later than the stored one. */
export const nodeView = (row: NodeRow, liveHeartbeatAt: string | undefined): Node => ({
  nid: row.nid,
  name: row.name,
  status: nodeStatus(row),
  version: row.version,
  os: row.os,
  lastHeartbeatAt: liveHeartbeatAt ?? row.last_heartbeat_at?.toISOString() ?? null,
  certificateExpiresAt: row.certificate_expires_at?.toISOString() ?? null,
});
