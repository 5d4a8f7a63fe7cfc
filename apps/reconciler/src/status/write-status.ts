import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { InstanceEvent } from './drift-events.js';
import type { Observed } from './observe.js';

/** What was seen of a locked instance. */
export interface Seen {
  readonly instanceId: number;
  readonly observed: Observed;
}

/** Writes what was seen of locked instances; writes nothing where it is what was seen before. */
export async function writeObserved(sql: EntityManager, seen: readonly Seen[]): Promise<void> {
  if (seen.length === 0) return;
  await runSql(
    sql,
    `UPDATE instance i SET state = o.state, reason = o.reason, message = o.message, conditions = o.conditions,
       observed_generation = o."observedGeneration", ready_replicas = o."readyReplicas", objects = o.objects
     FROM jsonb_to_recordset($1::jsonb) AS o("instanceId" bigint, state text, reason text, message text,
       conditions jsonb, "observedGeneration" int, "readyReplicas" int, objects jsonb)
     WHERE i.id = ANY($2::bigint[]) AND i.id = o."instanceId"
       AND (i.state, coalesce(i.reason, ''), coalesce(i.message, ''), i.conditions, i.observed_generation,
         i.ready_replicas, i.objects)
         IS DISTINCT FROM (o.state, coalesce(o.reason, ''), coalesce(o.message, ''), o.conditions,
         o."observedGeneration", o."readyReplicas", o.objects)`,
    [
      JSON.stringify(seen.map(({ instanceId, observed }) => ({ instanceId, ...observed }))),
      seen.map(({ instanceId }) => instanceId),
    ],
  );
}

/** Writes events of instances, each once however often it is reported. */
export async function writeEvents(
  sql: EntityManager,
  events: readonly (InstanceEvent & { readonly instanceId: number })[],
): Promise<void> {
  if (events.length === 0) return;
  await runSql(
    sql,
    `INSERT INTO instance_event (instance_id, key, at, type, object, fields, manager, message)
     SELECT e."instanceId", e.key, e.at, e.type, e.object, ARRAY(SELECT jsonb_array_elements_text(e.fields)), e.manager,
       e.message
     FROM jsonb_to_recordset($1::jsonb) AS e("instanceId" bigint, key text, at timestamptz, type text, object jsonb,
       fields jsonb, manager text, message text)
     ON CONFLICT ON CONSTRAINT uq_instance_event_key DO NOTHING`,
    [JSON.stringify(events)],
  );
}
