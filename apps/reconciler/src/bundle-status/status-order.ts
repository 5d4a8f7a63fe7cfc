import type { InstanceRow } from '../schema/instance-row.js';

/**
 * The position of a status among all statuses of an instance: the session of the agent, and the number within its
 * stream. Statuses are repeated until they are acknowledged and pass each other, so only a higher position is newer.
 */
export interface StatusOrder {
  readonly sessionNo: number;
  readonly sequence: number;
}

/** The last recorded position of an instance. */
type RecordedOrder = Pick<InstanceRow, 'status_session_no' | 'status_sequence'>;

/** Which agent is connected to the cluster of an instance. */
type Connection = Pick<InstanceRow, 'session_no' | 'foreign_uid'>;

/**
 * Whether the current session, of an agent in another Kubernetes cluster, has sent the status. The statuses of other
 * sessions are about our cluster: earlier ones, and the next one, whose connection is recorded a moment later.
 */
export function isFromForeign(order: StatusOrder | undefined, connection: Connection): boolean {
  const { session_no: current, foreign_uid: foreignUid } = connection;
  return foreignUid !== null && (order === undefined || order.sessionNo === current);
}

/** A status without a position, from an older agent gateway, counts in the order of arrival. */
export function isNewer(order: StatusOrder | undefined, recorded: RecordedOrder): boolean {
  if (order === undefined || order.sessionNo > recorded.status_session_no) return true;
  return order.sessionNo === recorded.status_session_no && order.sequence > recorded.status_sequence;
}
