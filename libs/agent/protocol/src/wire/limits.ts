const KiB = 1024;
const MiB = 1024 * KiB;

/** The limit of released agents: a larger message closes their stream. */
export const maxToAgentBytes = 4 * MiB;
/** The largest message that released agents send: a proxied web response of 32 MiB, escaped as JSON, then base64. */
export const maxFromAgentBytes = 64 * MiB;
/** Every message of the resync exchange is smaller. */
export const maxResyncBytes = 256 * KiB;

export const heartbeatIntervalMs = 5_000;
/** An agent closes its stream and dials again when a heartbeat has no reply within this time. */
export const heartbeatReplyTimeoutMs = 10_000;
/** The plane sets an agent to not ready when its last heartbeat is older than this. */
export const staleAfterMs = 30_000;
