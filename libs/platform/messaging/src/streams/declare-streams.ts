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
import {
  consumersOf,
  type DurableConsumerName,
  type EventContract,
  isStored,
  type RequestContract,
  streamOf,
} from '@runos/contracts';
import { ackWaitMs, maxAckPending } from '../events/delivery.js';

export type Contracts = readonly (RequestContract | EventContract)[];

/** JetStream durations are in nanoseconds. */
const ns = (ms: number): number => ms * 1_000_000;

/** The stream of an owner's events, limited to options of nats-server 2.9. */
const streamConfig = (name: string, subjects: readonly string[]) => ({
  name,
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

const consumerConfig = ({ consumer, event }: DurableConsumerName) => ({
  durable_name: consumer,
  filter_subject: event.subject,
  deliver_policy: DeliverPolicy.All,
  ack_policy: AckPolicy.Explicit,
  ack_wait: ns(ackWaitMs),
  max_ack_pending: maxAckPending,
  max_deliver: -1,
});

/** Creates or updates the streams of all stored events, and a durable consumer for each of their subscribers. */
export async function declareStreams(manager: JetStreamManager, contracts: Contracts): Promise<void> {
  for (const [name, events] of storedByStream(contracts)) {
    const subjects = events.map(({ subject }) => subject);
    await declareStream(manager, streamConfig(name, subjects));
    for (const each of events.flatMap(consumersOf)) await manager.consumers.add(name, consumerConfig(each));
  }
}

/** Whether all streams and consumers exist. @throws Error when JetStream does not reply */
export async function streamsExist(manager: JetStreamManager, contracts: Contracts): Promise<boolean> {
  try {
    for (const [name, events] of storedByStream(contracts)) {
      await manager.streams.info(name);
      for (const { consumer } of events.flatMap(consumersOf)) await manager.consumers.info(name, consumer);
    }
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError) return false;
    throw error;
  }
}

function storedByStream(contracts: Contracts): [name: string, events: EventContract[]][] {
  const stored = contracts.filter((contract) => contract.kind === 'event').filter(isStored);
  const owners = [...new Set(stored.map(({ owner }) => owner))];
  return owners.map((name) => [streamOf(name), stored.filter(({ owner }) => owner === name)]);
}

const streamExists = 10_058;

async function declareStream(manager: JetStreamManager, config: ReturnType<typeof streamConfig>): Promise<void> {
  try {
    await manager.streams.add(config);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.apiError().err_code !== streamExists) throw error;
    await manager.streams.update(config.name, config);
  }
}
