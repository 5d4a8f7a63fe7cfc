/**
 * The advisory lock of the connection of a cluster agent. A transaction that opens a job shares it: the clock of the job
 * is paused or runs as the connection says, until the commit shows the job to the next change of the connection. A lock
 * of the cluster's row would not do, because claims of work skip a locked cluster queue.
 */
const connectionLock = (clusterId: string): string => `hashtext('connection'), ${clusterId}::int`;

/** SQL expression: no change of the connection commits before this transaction. Precedes the locks of instances. */
export const keepConnection = (clusterId: string): string =>
  `pg_advisory_xact_lock_shared(${connectionLock(clusterId)})`;

/** SQL expression: the jobs of the cluster that are opened are visible, and none opens before the end of this transaction. */
export const changeConnection = (clusterId: string): string => `pg_advisory_xact_lock(${connectionLock(clusterId)})`;
