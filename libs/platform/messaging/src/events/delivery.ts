/** Short timeout, because a starting NATS may not serve JetStream yet. `checkAPI` needs a permission that services lack. */
export const apiOptions = { checkAPI: false, timeout: 1_000 };

/** JetStream redelivers a message that is not acknowledged within this time, ms. */
export const ackWaitMs = 30_000;
/** Delivered and unacknowledged messages over all replicas. */
export const maxAckPending = 256;
