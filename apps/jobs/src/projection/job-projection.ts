import { Injectable } from '@nestjs/common';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { JobsSettings } from '../jobs-settings.js';
import { type ChangedJob, Followers } from './followers.js';
import type { News } from './news.js';

const told = `jsonb_to_recordset($1::jsonb) AS n(id uuid, aid text, cid text, osid text, type text, status text,
  seq bigint, "from" bigint, "to" bigint, job jsonb, "workItems" jsonb)`;

const addUnknown = `
  INSERT INTO job (id, aid, cid, osid, type, status, seq, job, work_items)
  SELECT id, aid, cid, osid, type, status, 0, job, "workItems" FROM ${told} ORDER BY id
  ON CONFLICT DO NOTHING`;

/**
 * In the order of ids, so that two replicas with the same jobs never wait for each other in a circle. Whoever adds log
 * lines to a job holds its row: so the order of positions is the order in which lines become readable.
 */
const holdAll = 'SELECT id FROM job WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE';

const takeNewest = `
  WITH moved AS (
    SELECT n.*, n.seq > j.seq AS newer, greatest(n.seq, j.seq) AS last,
           CASE WHEN j.complete_to >= n."from" - 1 THEN greatest(j.complete_to, n."to") ELSE j.complete_to END AS complete
      FROM ${told} JOIN job j ON j.id = n.id AND j.aid = n.aid)
  UPDATE job j
     SET status = CASE WHEN m.newer THEN m.status ELSE j.status END,
         job = CASE WHEN m.newer THEN m.job ELSE j.job END,
         work_items = CASE WHEN m.newer THEN m."workItems" ELSE j.work_items END,
         seq = m.last, complete_to = m.complete, heard_at = now(),
         check_at = CASE WHEN m.complete < m.last
             OR CASE WHEN m.newer THEN m.status ELSE j.status END IN ('pending', 'running')
           THEN now() + $2 * interval '1 millisecond' END
    FROM moved m
   WHERE j.id = m.id AND (m.newer OR m.complete > j.complete_to)
  RETURNING j.id, m.newer, j.aid, j.cid, j.osid, j.type, j.status`;

const addLines = `
  INSERT INTO job_log (job_id, work_item_id, id, line)
  SELECT j.id, (l.line->>'workItemId')::uuid, l.line->>'id', l.line
    FROM jsonb_to_recordset($1::jsonb) AS l(n int, "jobId" uuid, aid text, line jsonb)
    JOIN job j ON j.id = l."jobId" AND j.aid = l.aid
   ORDER BY l.n
  ON CONFLICT DO NOTHING RETURNING job_id AS id`;

interface Moved extends Record<'id' | 'aid' | 'cid' | 'type' | 'status', string> {
  readonly newer: boolean;
  readonly osid: string | null;
}

/**
 * Keeps how jobs stand, as the reconciler tells it. Of one job only a higher `seq` counts, and a log line counts once,
 * so whatever comes late, twice or out of order does no harm; a job never changes its account.
 */
@Injectable()
export class JobProjection {
  constructor(
    private readonly database: Database,
    private readonly followers: Followers,
    private readonly settings: JobsSettings,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Durable when it resolves; those who follow the changed jobs are woken then, and nobody by a repetition. */
  async apply(news: readonly News[]): Promise<void> {
    if (news.length === 0) return;
    const { changed, moved } = await this.database.transaction((manager) => this.#write(manager, news));
    for (const { id: jobId, newer, status, ...job } of moved) {
      if (newer && status !== 'pending' && status !== 'running')
        this.logger.info({ jobId, status, ...job }, 'a job has ended');
    }
    await this.followers.wake(changed);
  }

  async #write(manager: EntityManager, news: readonly News[]): Promise<{ changed: ChangedJob[]; moved: Moved[] }> {
    const rows = JSON.stringify(news.map(rowOf));
    await runSql(manager, addUnknown, [rows]);
    await runSql(manager, holdAll, [news.map(({ latest }) => latest.job.id)]);
    const moved = await runSql<Moved>(manager, takeNewest, [rows, this.settings.checkAfterMs]);
    const lines = news.flatMap(linesOf).map((line, n) => ({ n, ...line }));
    const added = lines.length > 0 ? await runSql<{ id: string }>(manager, addLines, [JSON.stringify(lines)]) : [];
    const changed = [...new Set([...moved.filter(({ newer }) => newer), ...added].map(({ id }) => id))];
    if (changed.length === 0) return { changed: [], moved };
    const told = 'SELECT id, aid, seq, status FROM job WHERE id = ANY($1::uuid[])';
    return { changed: await runSql(manager, told, [changed]), moved };
  }
}

function rowOf({ latest: { job, workItems, seq }, from, to }: News) {
  const { id, aid, cid, osid, type, status } = job;
  return { id, aid, cid, osid, type, status, seq, from, to, job, workItems };
}

const linesOf = ({ latest: { job }, logs }: News) => logs.map((line) => ({ jobId: job.id, aid: job.aid, line }));
