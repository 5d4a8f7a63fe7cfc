import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { consumerOf, type EventContract, type ServiceName, streamOf } from '@runos/contracts';

/** JetStream counts time in nanoseconds. */
const ns = (ms: number): number => ms * 1_000_000;
const hourMs = 3_600_000;

/** A NATS that has just started may not answer for JetStream yet: ask again soon. No right to ask for its account. */
export const apiOptions = { checkAPI: false, timeout: 1_000 };

/** The stored events of an owner; other words of 2.9 and later are left alone. */
const streamConfig = (owner: ServiceName, subjects: readonly string[]) => ({
  name: streamOf(owner),
  subjects: [...subjects],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  discard: DiscardPolicy.Old,
  // Truth is in SQL: an event nobody fetched for three days wakes nobody any more.
  max_age: ns(72 * hourMs),
  max_bytes: 256 * 1024 * 1024,
  // A publisher that repeats itself within this time is heard once.
  duplicate_window: ns(hourMs / 12),
});

const streamExists = 10_058;

/** Makes or updates the stream of one owner's stored events; does nothing when it has none. */
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

/** How long a handler may be silent about a message before another replica gets it, ms. */
export const ackWaitMs = 30_000;
/** Messages handed out and not yet acknowledged, over all replicas. */
export const maxUnacknowledged = 256;

/** Makes or updates the durable consumer of a listening service; its stream must exist. */
export async function declareConsumer(
  manager: JetStreamManager,
  listener: ServiceName,
  contract: EventContract,
): Promise<{ stream: string; consumer: string }> {
  const stream = streamOf(contract.owner);
  const consumer = consumerOf(listener, contract);
  await manager.consumers.add(stream, {
    durable_name: consumer,
    filter_subject: contract.subject,
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ns(ackWaitMs),
    max_ack_pending: maxUnacknowledged,
    max_deliver: -1,
  });
  return { stream, consumer };
}
