const KiB = 1024;
const MiB = 1024 * KiB;

/** What agents that run in the field can take: a larger message ends their stream. */
export const maxToAgentBytes = 4 * MiB;
/** What a server must be ready to receive: a proxied web answer of 32 MiB, escaped as JSON, then base64. */
export const maxFromAgentBytes = 64 * MiB;
/** Every message of the resync exchange stays below this. */
export const maxResyncBytes = 256 * KiB;

/** Agents beat this often. */
export const heartbeatIntervalMs = 5_000;
/** An unanswered beat this old means the stream is dead: our agents dial again. */
export const heartbeatAnswerMs = 10_000;
/** Without a beat for this long an agent counts as gone. */
export const staleAfterMs = 30_000;
