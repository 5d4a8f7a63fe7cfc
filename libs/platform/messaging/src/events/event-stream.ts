import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { hourMs } from '@runos/kernel';
import { consumerOf, type EventContract, type ServiceName, streamOf } from '@runos/contracts';

/** JetStream durations are in nanoseconds. */
const ns = (ms: number): number => ms * 1_000_000;

/** Short timeout, because a starting NATS may not serve JetStream yet. `checkAPI` needs a permission that services lack. */
export const apiOptions = { checkAPI: false, timeout: 1_000 };

/** The stream of an owner's events, limited to options of nats-server 2.9. */
const streamConfig = (owner: ServiceName, subjects: readonly string[]) => ({
  name: streamOf(owner),
  subjects: [...subjects],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  discard: DiscardPolicy.Old,
  // State is in SQL: an event that was not fetched for three days is no longer useful.
  max_age: ns(72 * hourMs),
  max_bytes: 256 * 1024 * 1024,
  // Duplicates by message id within this time are dropped.
  duplicate_window: ns(hourMs / 12),
});

const streamExists = 10_058;

/** Creates or updates the stream of an owner's at-least-once events; does nothing without any. */
export async function declareStream(
  manager: JetStreamManager,
  owner: ServiceName,
  stored: readonly EventContract[],
): Promise<void> {
  if (stored.length === 0) return;
  const config = streamConfig(
    owner,
    stored.map(({ subject }) => subject),
  );
  try {
    await manager.streams.add(config);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.apiError().err_code !== streamExists) throw error;
    await manager.streams.update(config.name, config);
  }
}

/** JetStream redelivers a message that is not acknowledged within this time, ms. */
export const ackWaitMs = 30_000;
/** Delivered and unacknowledged messages over all replicas. */
export const maxAckPending = 256;

/** Creates or updates the durable consumer of a subscribing service; its stream must exist. */
export async function declareConsumer(
  manager: JetStreamManager,
  subscriber: ServiceName,
  contract: EventContract,
): Promise<{ stream: string; consumer: string }> {
  const stream = streamOf(contract.owner);
  const consumer = consumerOf(subscriber, contract);
  await manager.consumers.add(stream, {
    durable_name: consumer,
    filter_subject: contract.subject,
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ns(ackWaitMs),
    max_ack_pending: maxAckPending,
    max_deliver: -1,
  });
  return { stream, consumer };
}
