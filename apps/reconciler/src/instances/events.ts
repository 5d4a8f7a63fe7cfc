import { Injectable } from '@nestjs/common';
import type { reconciler } from '@runos/contracts';
import { Database, runSql } from '@runos/persistence';
import type { z } from 'zod';
import { readCursor, writeCursor } from '../cursor.js';
import { Instances } from './instances.js';

type Input = z.output<typeof reconciler.listInstanceEvents.input>;
type Answer = z.output<typeof reconciler.listInstanceEvents.output>;

interface Row extends Omit<Answer['events'][number], 'id' | 'at'> {
  readonly id: number;
  readonly at: Date;
}

/** The history of instances. */
@Injectable()
export class InstanceEvents {
  constructor(
    private readonly database: Database,
    private readonly instances: Instances,
  ) {}

  /** Newest first. */
  async list(input: Input, tenant: string): Promise<Answer> {
    const sql = this.database.manager;
    const { id } = await this.instances.get(sql, tenant, input);
    const found = await runSql<Row>(
      sql,
      `SELECT id, at, type, object, fields, manager, message FROM instance_event
       WHERE instance_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`,
      [id, readCursor(input.cursor) ?? Number.MAX_SAFE_INTEGER, input.limit + 1],
    );
    const events = found.slice(0, input.limit);
    return {
      events: events.map((event) => ({ ...event, id: String(event.id), at: event.at.toISOString() })),
      nextCursor: found.length > events.length ? writeCursor(events[events.length - 1].id) : null,
    };
  }
}
