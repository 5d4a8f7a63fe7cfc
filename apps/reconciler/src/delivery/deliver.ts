import { Injectable } from '@nestjs/common';
import { Batcher } from '@runos/engine';
import { InjectLogger } from '@runos/messaging';
import {
  type Carrier,
  durations,
  inSpan,
  inSpanOfAll,
  type Logger,
  SpanKind,
  traceHeaders,
  traceOf,
} from '@runos/observability';
import { Database } from '@runos/persistence';
import { type InstanceRow, wholeInstance } from '../instances/instance-row.js';
import type { Claim } from '../work/claim-work.js';
import { type Finished, holdLane } from '../work/finish-work.js';
import { afterInstruct, type Outcome } from './after-instruct.js';
import { Instruct } from './instruct.js';
import { patienceFor } from '../work/patience-for.js';
import { planDelivery } from './plan-delivery.js';
import { type Ending, endingAfter, writeEndings } from './write-endings.js';

type Loaded = InstanceRow & { readonly trace: Carrier };

/** Instances read, and endings written, in one go. */
const atMost = 100;
/** In a rush endings are written down this often, ms. */
const gatherMs = 100;

/** One turn of work: brings what is wanted of one instance to its cluster's agent. */
@Injectable()
export class Deliver {
  readonly #duration = durations('runos_delivery_duration_seconds');
  readonly #instances = new Batcher<number, Loaded | undefined>({ maxBatchSize: atMost, run: (ids) => this.#load(ids) });
  readonly #endings = new Batcher<Ending, Finished | undefined>({
    maxBatchSize: atMost,
    lingerMs: gatherMs,
    run: (endings) => this.#write(endings),
  });

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
    const instance = await this.#instances.add(claim.id);
    const plan = planDelivery(claim, instance);
    if (instance === undefined || plan.do === 'nothing' || plan.do === 'again') {
      return this.#end({ finish: { claim, failures: 0, ...(plan.do === 'again' ? { againInMs: 0 } : {}) } });
    }
    const attributes = { osid: instance.osid, revision: instance.revision };
    return inSpan('deliver', { kind: SpanKind.INTERNAL, parent: traceOf(instance.trace), attributes }, async () => {
      const started = performance.now();
      const outcome = await this.#hand(plan.do, instance);
      this.#duration.record(performance.now() - started, { outcome: outcome.outcome });
      const after = afterInstruct(outcome, instance.cid, claim.failures);
      this.logger.debug({ ...attributes, ...outcome, because: plan.because }, 'delivered');
      const dueInMs = await this.#end(endingAfter(claim, after));
      if (after.holdLaneMs !== undefined) await holdLane(this.database.manager, instance, after.holdLaneMs);
      return dueInMs;
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

  async #load(ids: readonly number[]): Promise<(Loaded | undefined)[]> {
    const rows = await this.database.query<Loaded>(
      `${wholeInstance.replace('SELECT', 'SELECT r.trace,')} WHERE i.id = ANY($1::bigint[])`,
      [ids],
    );
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id));
  }

  async #end(ending: Omit<Ending, 'trace'>): Promise<number | undefined> {
    const finished = await this.#endings.add({ ...ending, trace: traceHeaders() });
    return finished?.dueInMs ?? undefined;
  }

  #write(endings: readonly Ending[]) {
    const traces = endings.map(({ trace }) => trace);
    return inSpanOfAll('note deliveries', { kind: SpanKind.INTERNAL }, traces, () =>
      this.database.transaction((sql) => writeEndings(sql, endings), patienceFor(endings)),
    );
  }
}
