import { isFromForeign } from '../connections/foreign-agent.js';
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
type Connection = Pick<InstanceRow, 'session_no' | 'uid' | 'foreign_uid'>;

/**
 * Whether a status is about another Kubernetes cluster. If its session has not stated one, it can be foreign only if it
 * is the current session. Earlier ones are about ours, and the next one is recorded a moment later.
 */
export function isForeignStatus(
  order: StatusOrder | undefined,
  clusterUid: string | undefined,
  connection: Connection,
): boolean {
  const isOther = clusterUid === undefined && order !== undefined && order.sessionNo !== connection.session_no;
  return !isOther && isFromForeign(clusterUid, connection);
}

/** A status without a position, from an older agent gateway, counts in the order of arrival. */
export function isNewer(order: StatusOrder | undefined, recorded: RecordedOrder): boolean {
  if (order === undefined || order.sessionNo > recorded.status_session_no) return true;
  return order.sessionNo === recorded.status_session_no && order.sequence > recorded.status_sequence;
}
