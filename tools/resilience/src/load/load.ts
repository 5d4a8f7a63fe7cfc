import { setTimeout as sleep } from 'node:timers/promises';
import { Dice } from './dice.js';
import { type Known, Ledger } from './ledger.js';
import { type Final, type PatientClient } from './patient-client.js';

export interface LoadOptions {
  readonly client: PatientClient;
  /** `/:aid/:cid/services` */
  readonly services: string;
  readonly seed: number;
  /** How many writes at least. */
  readonly writes: number;
  /** The most instances alive at once. */
  readonly instances: number;
  /** How many clients write at the same time. */
  readonly clients: number;
  /** Between two writes of one client, ms. */
  readonly pauseMs: number;
}

/** Within what both types accept above their best-effort requests, so that each change sets a number of its own. */
const firstLimitMc = 1_001;

/** Creates, changes and deletes, chosen by the seed, several at once and some of them on the same instance. */
export class Load {
  readonly ledger = new Ledger();
  readonly #dice: Dice;
  #begun = 0;
  #made = 0;
  #finishing = false;

  constructor(private readonly options: LoadOptions) {
    this.#dice = new Dice(options.seed);
  }

  /** Writes until `finish` is called and there were enough; resolves when all of them are answered. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.options.clients }, () => this.#client()));
  }

  /** Ends `run` once there were enough writes. */
  finish(): void {
    this.#finishing = true;
  }

  async #client(): Promise<void> {
    while (!this.#finishing || this.#begun < this.options.writes) {
      this.#begun += 1;
      await this.#write();
      await sleep(this.options.pauseMs);
    }
  }

  async #write(): Promise<void> {
    const { living } = this.ledger;
    const choice = this.#dice.throw(10);
    if (living.length === 0 || (choice < 4 && living.length < this.options.instances)) return this.#create();
    const instance = this.#dice.of(living);
    return choice === 9 ? this.#delete(instance) : this.#change(instance);
  }

  async #create(): Promise<void> {
    const type = this.#dice.throw(5) === 0 ? 'postgresql' : 'valkey';
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

  async #change(instance: Known): Promise<void> {
    const cpuLimitMc = this.#number();
    const answer = await this.#send('PATCH', instance.path, { cpuLimitMc }, this.#key());
    if (answer) instance.writes.push({ cpuLimitMc, from: answer.from, to: answer.to });
  }

  async #delete(instance: Known): Promise<void> {
    if (await this.#send('DELETE', instance.path, undefined, this.#key())) instance.deleted = true;
  }

  /** Undefined for what was refused because another client deleted the instance meanwhile. */
  async #send(method: string, path: string, body: unknown, key: string): Promise<Final | undefined> {
    const { client } = this.options;
    const answer = await client.send(method, path, body, key);
    const { jobId } = answer.body;
    if (answer.status === 202 && typeof jobId === 'string') {
      this.ledger.jobs.set(key, jobId);
      return answer;
    }
    if ([404, 409].includes(answer.status) && method !== 'POST') return undefined;
    const what = `${method} ${path} answered ${answer.status} ${JSON.stringify(answer.body)}`;
    client.complaints.push({ at: new Date().toISOString(), what });
    return undefined;
  }

  #number(): number {
    this.#made += 1;
    return firstLimitMc + this.#made;
  }

  #key = (): string => `fire-${this.options.seed}-${(this.#keys += 1)}`;
  #keys = 0;
}
