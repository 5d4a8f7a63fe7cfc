/**
 * The longest graceful shutdown of a service, ms: the longest request deadline plus one second for keep-alive
 * connections. A supervisor sends SIGKILL only after it.
 */
export const shutdownTimeoutMs = 9_000;
