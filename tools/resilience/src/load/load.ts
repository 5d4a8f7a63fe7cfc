import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { serviceTypes } from '@runos/service-types';
import { Ledger, type LedgerInstance } from './ledger.js';
import type { FinalResponse, RetryingClient } from './retrying-client.js';

/** A repeatable random sequence: the same seed gives the same numbers. */
export class RandomSequence {
  #drawn = 0;

  constructor(readonly seed: number) {}

  /** The next whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#drawn += 1;
    return createHash('sha256').update(`${this.seed}/${this.#drawn}`).digest().readUInt32BE() % limit;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}

export interface LoadOptions {
  readonly client: RetryingClient;
  /** Default: an empty one. */
  readonly ledger?: Ledger;
  /** `/:aid/:cid/services` */
  readonly services: string;
  readonly seed: number;
  /** Names of the service types of its instances. Default: `independentTypes`. */
  readonly types?: readonly string[] | undefined;
  /** The minimum number of writes. */
  readonly writes: number;
  /** The maximum number of existing instances. */
  readonly instances: number;
  /** The number of concurrent clients. */
  readonly clients: number;
  /** The pause between two writes of one client, ms. */
  readonly pauseMs: number;
}

/** Every service type accepts limits from here on, so that each change sets a different number. */
const firstLimitMc = 1_001;

/** The names of the types whose instances need no other instance. */
export const independentTypes = (): string[] =>
  serviceTypes.filter(({ requires }) => requires.every(({ optional }) => optional)).map(({ type }) => type);

/** A load of creates, updates, upgrades and deletes that the seed chooses, concurrent and partly on the same instance. */
export class Load {
  readonly ledger: Ledger;
  readonly #types: readonly string[];
  #started = 0;
  #lastOffset = 0;
  #isFinishing = false;
  #hasFailed = false;

  constructor(private readonly options: LoadOptions) {
    this.ledger = options.ledger ?? new Ledger();
    this.#types = options.types ?? independentTypes();
  }

  /**
   * Writes until `finish` is called and the minimum is reached, or until the run of the ledger ends. Resolves after the
   * last response. When one client fails, the others end after their current write.
   * @throws Error that of the first client that got no final response
   */
  async run(): Promise<void> {
    const { clients: length, seed } = this.options;
    const clients = Array.from({ length }, (_, n) => this.#client(new RandomSequence(seed + n)));
    const failed = (await Promise.allSettled(clients)).find((client) => client.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** Ends `run` once the minimum number of writes is reached. */
  finish(): void {
    this.#isFinishing = true;
  }

  /** Each client has its own sequence: response times do not change its choices. */
  async #client(random: RandomSequence): Promise<void> {
    try {
      while (!this.ledger.end.signal.aborted && !this.#isOver()) {
        this.#started += 1;
        await this.ledger.writes.run(() => this.#write(random));
        await sleep(this.options.pauseMs);
      }
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  #isOver = (): boolean => this.#hasFailed || (this.#isFinishing && this.#started >= this.options.writes);

  async #write(random: RandomSequence): Promise<void> {
    const { living } = this.ledger;
    const choice = random.below(10);
    if (living.length === 0 || (choice < 4 && living.length < this.options.instances)) return this.#create(random);
    const instance = random.pick(living);
    if (choice === 9) return this.#delete(instance);
    return choice === 8 ? this.#upgrade(instance) : this.#change(instance);
  }

  async #create(random: RandomSequence): Promise<void> {
    const type = random.pick(this.#types);
    const cpuLimitMc = this.#number();
    const key = this.#key();
    const { services } = this.options;
    const answer = await this.#send('POST', `${services}/${type}`, { name: key, cpuLimitMc }, key);
    if (answer === undefined) return;
    const { osid, id } = answer.body as { osid: string; id: string };
    const { from, to } = answer;
    const writes = [{ cpuLimitMc, from, to }];
    this.ledger.instances.push({ osid, path: `${services}/${type}/${id}`, key, writes, deleted: false });
  }

  async #change(instance: LedgerInstance): Promise<void> {
    const cpuLimitMc = this.#number();
    const answer = await this.#send('PATCH', instance.path, { cpuLimitMc }, this.#key());
    if (answer) instance.writes.push({ cpuLimitMc, from: answer.from, to: answer.to });
  }

  /** Without a newer renderer there is nothing to upgrade, and no job. */
  async #upgrade({ path }: LedgerInstance): Promise<void> {
    await this.#send('POST', `${path}/upgrade`, {}, this.#key());
  }

  async #delete(instance: LedgerInstance): Promise<void> {
    if (await this.#send('DELETE', instance.path, undefined, this.#key())) instance.deleted = true;
  }

  /** Undefined when the plane refused the request because another client deleted the instance meanwhile. */
  async #send(method: string, path: string, body: unknown, key: string): Promise<FinalResponse | undefined> {
    const { client } = this.options;
    const answer = await client.send(method, path, body, key);
    const { jobId } = answer.body;
    const isCreate = method === 'POST' && !path.endsWith('/upgrade');
    if (answer.status === 202 && typeof jobId === 'string') {
      this.ledger.jobs.set(key, jobId);
      return answer;
    }
    if (answer.status === 200 && answer.body['noOp'] === true) return undefined;
    if ([404, 409].includes(answer.status) && !isCreate) return undefined;
    const what = `${method} ${path} answered ${answer.status} ${JSON.stringify(answer.body)}`;
    client.unexpectedResponses.push({ at: new Date().toISOString(), what });
    return undefined;
  }

  #number(): number {
    this.#lastOffset += 1;
    return firstLimitMc + this.#lastOffset;
  }

  #key = (): string => `load-${this.options.seed}-${(this.#keys += 1)}`;
  #keys = 0;
}
