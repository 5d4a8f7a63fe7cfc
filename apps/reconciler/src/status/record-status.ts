import { Injectable } from '@nestjs/common';
import { Batcher } from '@runos/engine';
import { type Carrier, inSpanOfAll, SpanKind, traceHeaders } from '@runos/observability';
import { Osid } from '@runos/osid';
import { afterCommit, Database, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { InstanceRow } from '../instances/instance-row.js';
import { type InstanceName, Instances } from '../instances/instances.js';
import { endJobs } from '../jobs/end-jobs.js';
import { openJobOf } from '../jobs/open-job-row.js';
import { patienceFor } from '../work/patience-for.js';
import { Pokes } from '../work/pokes.js';
import { redeliver } from '../work/wake-work.js';
import { recordSeen } from './record-seen.js';
import { refuseForeign } from './refuse-foreign.js';
import type { Report } from './report.js';

interface Told {
  readonly name: InstanceName & { readonly tenant: string };
  readonly report: Report;
  readonly trace: Carrier;
}

/** Reports written down in one transaction. */
const atMost = 50;
/** In a rush they are written down this often, ms. */
const gatherMs = 100;

/** Writes down what agents report, moves jobs on with it, and lets go of what is gone. */
@Injectable()
export class RecordStatus {
  readonly #told = new Batcher<Told, boolean>({ maxBatchSize: atMost, lingerMs: gatherMs, run: (told) => this.#seen(told) });

  constructor(
    private readonly database: Database,
    private readonly instances: Instances,
    private readonly pokes: Pokes,
  ) {}

  /**
   * Returns once it is durable. A report about an instance this plane does not know has nothing to be written to.
   * @throws Fault `service.not_found` when the instance is another cluster's
   */
  async run(cid: string, report: Report, tenant: string): Promise<void> {
    const parts = Osid.parse(report.osid);
    if (parts === undefined) return;
    const told = { name: { tenant, cid, ...parts }, report, trace: traceHeaders() };
    const known = await (report.phase === 'gone' ? this.#gone(told) : this.#told.add(told));
    if (!known) await refuseForeign(this.database.manager, tenant, cid, report.osid, parts);
  }

  /** Which of them are about instances that are there. */
  #seen(told: readonly Told[]): Promise<boolean[]> {
    const traces = told.map(({ trace }) => trace);
    return inSpanOfAll('note reports', { kind: SpanKind.INTERNAL }, traces, async () => {
      const known = new Map<Told, boolean>();
      for (const round of roundsOf(told)) {
        await this.database.transaction(async (sql) => {
          const instances = await this.instances.lockAllKnown(
            sql,
            round.map(({ name }) => name),
          );
          const sightings = round.flatMap(({ report, trace }, index) => {
            const instance = instances[index];
            return instance === undefined ? [] : [{ instance, report, trace }];
          });
          await recordSeen(sql, sightings);
          round.forEach((each, index) => known.set(each, instances[index] !== undefined));
        }, patienceFor(told));
      }
      return told.map((each) => known.get(each) ?? false);
    });
  }

  #gone({ name, report }: Told): Promise<boolean> {
    return this.database.transaction(async (sql) => {
      const instance = await this.instances.lockIfKnown(sql, name.tenant, name);
      if (instance === undefined) return false;
      await (instance.deleting ? this.#letGo(sql, instance, report) : this.#again(sql, instance));
      return true;
    });
  }

  /** The agent has let go of what is wanted: it gets it again. */
  async #again(sql: EntityManager, { id, cluster_id: clusterId }: InstanceRow): Promise<void> {
    await redeliver(sql, clusterId, [id]);
    afterCommit(sql, () => this.pokes.poke('work'));
  }

  async #letGo(sql: EntityManager, instance: InstanceRow, report: Report): Promise<void> {
    // A bundle that was removed earlier, and came back by a cancelled deletion, may be reported late.
    if (report.generation < instance.bundle_generation) return;
    await runSql(sql, 'DELETE FROM instance WHERE id = $1', [instance.id]);
    const job = await openJobOf(sql, instance.id);
    if (job === undefined) return;
    const line = { level: 'info', message: `Nothing of ${instance.osid} is left in the cluster.` } as const;
    await endJobs(sql, [{ jobId: job.jobId, outcome: 'completed', reason: null, error: null, line }]);
  }
}

/** Reports about one instance follow each other: each is judged by what the one before it left. */
function roundsOf(told: readonly Told[]): Told[][] {
  const rounds: Told[][] = [];
  const heard = new Map<string, number>();
  for (const each of told) {
    const key = `${each.name.tenant}/${each.report.osid}`;
    const round = heard.get(key) ?? 0;
    heard.set(key, round + 1);
    (rounds[round] ??= []).push(each);
  }
  return rounds;
}
