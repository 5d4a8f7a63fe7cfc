import { Injectable } from '@nestjs/common';
import type { InstanceEvent } from '../bundle-status/report-events.js';
import { ClusterLog } from '../clusters/cluster-log.js';

const periodMs = 3_600_000;
/** Events of one instance per hour. */
const maxOfInstance = 20;
/** Events about the same fields of the same object per hour; an object that is repaired in a loop makes no more. */
const maxOfSameChange = 5;
/** Fields of dropped events that their summary names, and the characters of each. */
const maxDroppedFields = 10;
const maxFieldLength = 100;
/** Events of one cluster per hour: with at most 3 KB each, 9 MB. An outage of 3,000 instances has one each. */
const maxOfCluster = 3_000;

/** An event, with its instance and its cluster. */
export interface CausedEvent extends InstanceEvent {
  readonly instanceId: number;
  readonly cluster: string;
}

/** The key of an instance's cluster. */
export const clusterOf = ({ aid, cid }: { readonly aid: string; readonly cid: string }): string => `${aid}/${cid}`;

/** What was recorded and dropped of one instance within the hour. */
interface InstancePeriod {
  readonly keys: Set<string>;
  readonly changes: Map<string, number>;
  /** By type. */
  readonly dropped: Map<string, number>;
  /** The first fields of dropped events. */
  readonly droppedFields: Set<string>;
}

interface ClusterPeriod {
  readonly endsAt: number;
  events: number;
  dropped: number;
  readonly instances: Map<number, InstancePeriod>;
}

/** The type of the event that counts dropped ones. */
export const droppedType = 'EventsDropped';

/**
 * Limits the events that an agent can cause, per cluster and instance and hour, in the memory of this replica. Dropped
 * events of an instance are counted in one event, which is written again with the first one and each power of ten.
 */
@Injectable()
export class EventBudget {
  readonly #clusters = new Map<string, ClusterPeriod>();

  constructor(private readonly log: ClusterLog) {}

  /** The events that may be recorded, and the events that count the others. A repeated event is not counted again. */
  admit(events: readonly CausedEvent[]): { admitted: CausedEvent[]; summaries: CausedEvent[] } {
    const admitted: CausedEvent[] = [];
    const summaries = new Map<number, CausedEvent>();
    for (const event of events) {
      const cluster = this.#period(event.cluster);
      const instance = periodOf(cluster, event.instanceId);
      const limit = limitOf(cluster, instance, event);
      if (limit === undefined) {
        record(cluster, instance, event);
        admitted.push(event);
      } else if (limit === 'instance') {
        // The budget of the cluster limits the number of instances that have such an event.
        if (isPowerOfTen(drop(instance, event))) summaries.set(event.instanceId, summaryOf(event, instance));
      } else this.#dropOfCluster(cluster, event.cluster);
    }
    return { admitted, summaries: [...summaries.values()] };
  }

  #dropOfCluster(period: ClusterPeriod, cluster: string): void {
    period.dropped += 1;
    const { dropped } = period;
    const [aid = '', cid = ''] = cluster.split('/');
    if (isPowerOfTen(dropped))
      this.log.write({ aid, cid }, 'warn', { dropped, maxOfCluster }, 'events of a cluster were dropped');
  }

  #period(cluster: string): ClusterPeriod {
    const known = this.#clusters.get(cluster);
    const now = performance.now();
    if (known !== undefined && known.endsAt > now) return known;
    for (const [name, { endsAt }] of this.#clusters) if (endsAt <= now) this.#clusters.delete(name);
    const period = { endsAt: now + periodMs, events: 0, dropped: 0, instances: new Map<number, InstancePeriod>() };
    this.#clusters.set(cluster, period);
    return period;
  }
}

function periodOf({ instances }: ClusterPeriod, id: number): InstancePeriod {
  const period = instances.get(id) ?? {
    keys: new Set<string>(),
    changes: new Map<string, number>(),
    dropped: new Map<string, number>(),
    droppedFields: new Set<string>(),
  };
  instances.set(id, period);
  return period;
}

/** The limit that the event exceeds. A repeated event exceeds none, because it is stored once. */
function limitOf(
  cluster: ClusterPeriod,
  { keys, changes }: InstancePeriod,
  event: CausedEvent,
): 'instance' | 'cluster' | undefined {
  if (keys.has(event.key)) return undefined;
  if (keys.size >= maxOfInstance || (changes.get(changeOf(event)) ?? 0) >= maxOfSameChange) return 'instance';
  return cluster.events >= maxOfCluster ? 'cluster' : undefined;
}

function record(cluster: ClusterPeriod, { keys, changes }: InstancePeriod, event: CausedEvent): void {
  if (keys.has(event.key)) return;
  cluster.events += 1;
  keys.add(event.key);
  const change = changeOf(event);
  if (event.object !== null) changes.set(change, (changes.get(change) ?? 0) + 1);
}

function drop({ dropped, droppedFields }: InstancePeriod, { type, fields }: CausedEvent): number {
  for (const field of fields)
    if (droppedFields.size < maxDroppedFields) droppedFields.add(field.slice(0, maxFieldLength));
  dropped.set(type, (dropped.get(type) ?? 0) + 1);
  return [...dropped.values()].reduce((sum, count) => sum + count, 0);
}

const changeOf = ({ type, object, manager, fields }: CausedEvent): string =>
  JSON.stringify([type, object, manager, fields]);

const isPowerOfTen = (count: number): boolean => Number.isInteger(Math.log10(count));

function summaryOf({ instanceId, cluster, at, key }: CausedEvent, instance: InstancePeriod): CausedEvent {
  const [first = key] = instance.keys;
  const named = instance.droppedFields.size === 0 ? '' : ` They are about ${[...instance.droppedFields].join(', ')}.`;
  const counts = [...instance.dropped].map(([type, count]) => `${type} (${count})`).join(', ');
  return {
    instanceId,
    cluster,
    key: `dropped ${first}`,
    at,
    type: droppedType,
    object: null,
    fields: [...instance.droppedFields],
    manager: null,
    message: `The agent reports more events than are kept: at most ${maxOfInstance} per hour and instance, and ${maxOfSameChange} of the same change. At least these were dropped: ${counts}.${named}`,
  };
}
