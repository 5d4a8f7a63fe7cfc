import { Injectable } from '@nestjs/common';
import type { reconciler } from '@runos/contracts';
import { Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { type CausedEvent, EventBudget } from './event-budget.js';
import { InstanceRepository } from './instance-repository.js';
import { pageOf, readCursor } from './page-cursor.js';

type Input = z.output<typeof reconciler.listInstanceEvents.input>;
type Page = z.output<typeof reconciler.listInstanceEvents.output>;

interface EventRow extends Omit<Page['events'][number], 'id' | 'at'> {
  readonly id: number;
  readonly at: Date;
}

/** The events of instances. */
@Injectable()
export class EventRepository {
  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly budget: EventBudget,
  ) {}

  /** Newest first. */
  async list(input: Input, tenant: string): Promise<Page> {
    const sql = this.database.manager;
    const { id } = await this.instances.get(sql, tenant, input);
    const found = await runSql<EventRow>(
      sql,
      `SELECT id, at, type, object, fields, manager, message FROM instance_event
       WHERE instance_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`,
      [id, readCursor(input.cursor) ?? Number.MAX_SAFE_INTEGER, input.limit + 1],
    );
    const { page, nextCursor } = pageOf(found, input.limit);
    return {
      events: page.map((event) => ({ ...event, id: String(event.id), at: event.at.toISOString() })),
      nextCursor,
    };
  }

  /** Inserts each event once, also when its report is repeated. Events beyond the budget are counted only. */
  async create(sql: EntityManager, events: readonly CausedEvent[]): Promise<void> {
    const { admitted, summaries } = this.budget.admit(events);
    await insert(sql, admitted, 'DO NOTHING');
    await insert(sql, summaries, 'DO UPDATE SET message = excluded.message, at = excluded.at');
  }
}

/** An agent whose clock is ahead cannot write events that the retention finds years later. */
async function insert(
  sql: EntityManager,
  events: readonly CausedEvent[],
  onConflict: 'DO NOTHING' | 'DO UPDATE SET message = excluded.message, at = excluded.at',
): Promise<void> {
  if (events.length === 0) return;
  await runSql(
    sql,
    `INSERT INTO instance_event (instance_id, key, at, type, object, fields, manager, message)
     SELECT e."instanceId", e.key, least(e.at, now()), e.type, e.object,
       ARRAY(SELECT jsonb_array_elements_text(e.fields)), e.manager, e.message
     FROM jsonb_to_recordset($1::jsonb) AS e("instanceId" bigint, key text, at timestamptz, type text, object jsonb,
       fields jsonb, manager text, message text)
     ON CONFLICT ON CONSTRAINT uq_instance_event_instance_id_key ${onConflict}`,
    [JSON.stringify(events)],
  );
}
