import type { Node, NodeStatus } from '@runos/api';

export interface NodeRow {
  readonly nid: string;
  readonly name: string;
  readonly os: string;
  readonly ready: boolean;
  readonly was_ready: boolean;
  readonly version: string | null;
  readonly last_heartbeat_at: Date | null;
  readonly certificate_expires_at: Date | null;
  /** Its cluster is being removed, and it with it. */
  readonly deleting: boolean;
}

export function nodeStatus({ deleting, ready, was_ready }: NodeRow): NodeStatus {
  if (deleting) return 'deleting';
  if (ready) return 'ready';
  return was_ready ? 'not_ready' : 'pending';
}

/** `heartbeat`: a later one than was written down, if it is known. */
export const nodeView = (row: NodeRow, heartbeat: string | null): Node => ({
  nid: row.nid,
  name: row.name,
  status: nodeStatus(row),
  version: row.version,
  os: row.os,
  lastHeartbeatAt: heartbeat ?? row.last_heartbeat_at?.toISOString() ?? null,
  certificateExpiresAt: row.certificate_expires_at?.toISOString() ?? null,
});
