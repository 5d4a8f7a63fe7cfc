/**
 * A process of the plane that has been asked to end is gone after this at the latest, ms: the longest deadline of a
 * request, and a second for clients that keep a connection. Whoever stops it must not kill it before.
 */
export const shutdownTimeoutMs = 9_000;
