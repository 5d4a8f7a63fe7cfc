import { Injectable } from '@nestjs/common';
import { InjectLogger } from '@runos/messaging';
import { durations, inSpan, type Logger, SpanKind, traceOf } from '@runos/observability';
import { Database } from '@runos/persistence';
import { type InstanceRow, wholeInstance } from '../instances/instance-row.js';
import { changeJobs } from '../jobs/change-jobs.js';
import { openJobOf } from '../jobs/open-job-row.js';
import type { Claim } from '../work/claim-work.js';
import { finishWork, holdLane } from '../work/finish-work.js';
import { afterInstruct, type AfterInstruct, type Outcome } from './after-instruct.js';
import { Instruct } from './instruct.js';
import { jobAfterDelivery } from './job-of-delivery.js';
import { planDelivery } from './plan-delivery.js';

type Loaded = InstanceRow & { readonly trace: Record<string, string> };

/** One turn of work: brings what is wanted of one instance to its cluster's agent. */
@Injectable()
export class Deliver {
  readonly #duration = durations('runos_delivery_duration_seconds');

  constructor(
    private readonly database: Database,
    private readonly instruct: Instruct,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /**
   * Ends with the claim given back; a claim that was lost meanwhile writes nothing. Answers when the row is due again,
   * in ms, if it is.
   */
  async run(claim: Claim): Promise<number | undefined> {
    const [instance] = await this.database.query<Loaded>(
      `${wholeInstance.replace('SELECT', 'SELECT r.trace,')} WHERE i.id = $1`,
      [claim.id],
    );
    const plan = planDelivery(claim, instance);
    if (plan.do === 'nothing' || plan.do === 'again') {
      const finish = plan.do === 'again' ? { failures: 0, againInMs: 0 } : { failures: 0 };
      const finished = await this.database.transaction((sql) => finishWork(sql, claim, finish));
      return finished?.dueInMs ?? undefined;
    }
    const attributes = { osid: instance.osid, revision: instance.revision };
    return inSpan('deliver', { kind: SpanKind.INTERNAL, parent: traceOf(instance.trace), attributes }, async () => {
      const started = performance.now();
      const outcome = await this.#hand(plan.do, instance);
      this.#duration.record(performance.now() - started, { outcome: outcome.outcome });
      const after = afterInstruct(outcome, instance.cid, claim.failures);
      this.logger.debug({ ...attributes, ...outcome, because: plan.because }, 'delivered');
      return this.#finish(claim, instance, after);
    });
  }

  async #hand(what: 'apply' | 'remove', instance: InstanceRow): Promise<Outcome> {
    try {
      return await this.instruct[what](instance);
    } catch (error) {
      this.logger.error({ err: error, osid: instance.osid }, 'a bundle could not be handed over');
      return { outcome: 'failed', message: 'something went wrong on our side' };
    }
  }

  async #finish(claim: Claim, instance: InstanceRow, after: AfterInstruct): Promise<number | undefined> {
    const { delivered, failures, againInMs, holdLaneMs } = after;
    const finished = await this.database.transaction(async (sql) => {
      const given = await finishWork(sql, claim, {
        failures,
        againInMs,
        ...(delivered ? { delivered: claim.revision } : {}),
      });
      if (given === undefined) return undefined;
      const job = await openJobOf(sql, instance.id);
      // The clock of a paused job stands for its absent agent, and says so already.
      const ofThis = job?.revision === claim.revision && (!job.paused || delivered) ? job : undefined;
      const change = ofThis && jobAfterDelivery(ofThis, after);
      if (change !== undefined) await changeJobs(sql, [change]);
      return given;
    });
    if (holdLaneMs !== undefined) await holdLane(this.database.manager, instance, holdLaneMs);
    return finished?.dueInMs ?? undefined;
  }
}
