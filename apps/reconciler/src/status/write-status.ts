import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { InstanceEvent } from './drift-events.js';
import type { Observed } from './observe.js';

/** Writes what was seen of a locked instance; writes nothing when it is what was seen before. */
export async function writeObserved(
  sql: EntityManager,
  before: { readonly id: number },
  observed: Observed,
): Promise<void> {
  await runSql(
    sql,
    `UPDATE instance SET state = $2, reason = $3, message = $4, conditions = $5, observed_generation = $6,
       ready_replicas = $7, objects = $8
     WHERE id = $1 AND (state, coalesce(reason, ''), coalesce(message, ''), conditions, observed_generation, ready_replicas,
       objects) IS DISTINCT FROM ($2, coalesce($3, ''), coalesce($4, ''), $5::jsonb, $6::int, $7::int, $8::jsonb)`,
    [
      before.id,
      observed.state,
      observed.reason,
      observed.message,
      JSON.stringify(observed.conditions),
      observed.observedGeneration,
      observed.readyReplicas,
      JSON.stringify(observed.objects),
    ],
  );
}

/** Writes events, each once however often it is reported. */
export async function writeEvents(
  sql: EntityManager,
  instanceId: number,
  events: readonly InstanceEvent[],
): Promise<void> {
  if (events.length === 0) return;
  await runSql(
    sql,
    `INSERT INTO instance_event (instance_id, key, at, type, object, fields, manager, message)
     SELECT $1, e.key, e.at, e.type, e.object, ARRAY(SELECT jsonb_array_elements_text(e.fields)), e.manager, e.message
     FROM jsonb_to_recordset($2::jsonb) AS e(key text, at timestamptz, type text, object jsonb, fields jsonb,
       manager text, message text)
     ON CONFLICT ON CONSTRAINT uq_instance_event_key DO NOTHING`,
    [instanceId, JSON.stringify(events)],
  );
}
