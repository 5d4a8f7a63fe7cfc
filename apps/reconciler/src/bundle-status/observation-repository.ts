import { Injectable } from '@nestjs/common';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { Observed } from './observation.js';
import type { StatusOrder } from './status-order.js';

/** The observed status of instances. */
@Injectable()
export class ObservationRepository {
  /** Stores the status of locked instances; an unchanged status is not written. */
  async store(
    sql: EntityManager,
    observations: readonly {
      readonly instanceId: number;
      readonly observed: Observed;
      readonly order: StatusOrder | undefined;
      readonly hash: string | undefined;
      /** The state in the event of this report, if it has one. */
      readonly reportedState: Observed['state'] | undefined;
      readonly volumeCapacityMb: number | undefined;
      readonly desiredReplicas: number | undefined;
      readonly outdatedReplicas: number | undefined;
      /** The revision of this report, if its rollout is complete. */
      readonly readyRevision: number | undefined;
    }[],
  ): Promise<void> {
    if (observations.length === 0) return;
    await runSql(
      sql,
      `UPDATE instance i SET state = o.state, reason = o.reason, message = o.message, conditions = o.conditions,
         observed_generation = o."observedGeneration", ready_replicas = o."readyReplicas",
         desired_replicas = o."desiredReplicas", outdated_replicas = o."outdatedReplicas",
         ready_revision = coalesce(o."readyRevision", i.ready_revision), objects = o.objects,
         status_session_no = coalesce(o."sessionNo", i.status_session_no),
         status_sequence = coalesce(o.sequence, i.status_sequence), status_hash = o.hash,
         reported_state = coalesce(o."reportedState", i.reported_state), volume_capacity_mb = o."volumeCapacityMb"
       FROM jsonb_to_recordset($1::jsonb) AS o("instanceId" bigint, state text, reason text, message text,
         conditions jsonb, "observedGeneration" int, "readyReplicas" int, "desiredReplicas" int, objects jsonb, "sessionNo" bigint,
         sequence bigint, hash text, "reportedState" text, "volumeCapacityMb" int, "outdatedReplicas" int, "readyRevision" int)
       WHERE i.id = ANY($2::bigint[]) AND i.id = o."instanceId"
         AND (i.state, coalesce(i.reason, ''), coalesce(i.message, ''), i.conditions, i.observed_generation,
           i.ready_replicas, i.desired_replicas, i.objects, i.status_session_no, i.status_sequence, i.status_hash, i.reported_state, i.volume_capacity_mb,
           i.outdated_replicas, i.ready_revision)
           IS DISTINCT FROM (o.state, coalesce(o.reason, ''), coalesce(o.message, ''), o.conditions,
           o."observedGeneration", o."readyReplicas", o."desiredReplicas", o.objects, coalesce(o."sessionNo", i.status_session_no),
           coalesce(o.sequence, i.status_sequence), o.hash, coalesce(o."reportedState", i.reported_state), o."volumeCapacityMb",
           o."outdatedReplicas", coalesce(o."readyRevision", i.ready_revision))`,
      [
        JSON.stringify(observations.map(({ observed, order, ...each }) => ({ ...observed, ...order, ...each }))),
        observations.map(({ instanceId }) => instanceId),
      ],
    );
  }

  /** Records the position of a status that changes nothing else. */
  async storeOrder(sql: EntityManager, instanceId: number, order: StatusOrder): Promise<void> {
    await runSql(sql, 'UPDATE instance SET status_session_no = $2, status_sequence = $3 WHERE id = $1', [
      instanceId,
      order.sessionNo,
      order.sequence,
    ]);
  }

  /** Makes an instance unhealthy that is still being applied, or degraded while pods serve. */
  async failApplying(sql: EntityManager, instanceId: number, reason: string, message: string): Promise<void> {
    await runSql(
      sql,
      `UPDATE instance SET state = CASE WHEN ready_replicas > 0 THEN 'degraded' ELSE 'unhealthy' END, reason = $2, message = $3 WHERE id = $1 AND state = 'applying'`,
      [instanceId, reason, message],
    );
  }
}
