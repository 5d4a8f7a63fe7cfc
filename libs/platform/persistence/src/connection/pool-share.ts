/** The parts of a connection pool that work for clients may use: for one of them, and for all. */
const parts = { perKey: 0.3, total: 0.7 };

/**
 * How many connections of a pool may work for one client, and for all clients of its kind. The rest stays free for other
 * work, so that no client delays others, whatever locks its work waits for. At least one each.
 */
export function poolShare(poolSize: number): { readonly perKey: number; readonly total: number } {
  const connections = (part: number): number => Math.max(1, Math.floor(poolSize * part));
  return { perKey: connections(parts.perKey), total: connections(parts.total) };
}
