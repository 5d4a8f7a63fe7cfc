import { PlaneClient } from '@runos/tool-e2e';
import type { InjectedFault } from '../kill/faults.js';
import type { Ledger, LedgerInstance, Write } from '../load/ledger.js';
import { type FinalResponse, RetryingClient } from '../load/retrying-client.js';

/** Enough requests that one reaches the replica without the renderer: each does with a probability of one half. */
const rounds = 8;
const firstLimitMc = 1_001;

/**
 * No fault: an instance is moved to a renderer that one replica of the reconciler lacks, then planned, changed and
 * restarted. The replica without it responds 503 and nothing else, and every accepted job completes.
 */
export const runNewerRenderer: InjectedFault = {
  name: 'a renderer that one replica of the reconciler lacks',
  hits: [],
  async inject(data, ledger) {
    const plane = await PlaneClient.connect(data);
    const pinned = new PinnedInstance(plane, ledger);
    await pinned.create();
    try {
      await pinned.upgrade();
      for (let round = 0; round < rounds; round += 1) await pinned.change(firstLimitMc + 1 + round);
      await pinned.finish();
    } finally {
      pinned.release();
    }
  },
};

/** One instance whose renderer only the newer build has, and the requests about it. */
class PinnedInstance {
  readonly #client: RetryingClient;
  readonly #writes: Write[] = [];
  #requests = 0;
  readonly #jobIds: unknown[] = [];
  #path = '';
  #created: Pick<LedgerInstance, 'osid' | 'key'> = { osid: '', key: '' };

  constructor(
    private readonly plane: PlaneClient,
    private readonly ledger: Ledger,
  ) {
    this.#client = new RetryingClient(plane.info.apiUrl, plane.info.token, undefined, ledger.history);
  }

  async create(): Promise<void> {
    const services = `${this.plane.services}/valkey`;
    const { key, answer } = await this.#send('POST', services, { name: 'pinned', cpuLimitMc: firstLimitMc });
    const { osid, id, jobId } = answer.body as Record<string, string>;
    this.#path = `${services}/${id}`;
    this.#created = { osid: String(osid), key };
    this.#writes.push({ cpuLimitMc: firstLimitMc, from: answer.from, to: answer.to });
    await this.plane.waitForCompletion(jobId);
  }

  /** The replica without the renderer has nothing to upgrade, so the request is repeated. */
  async upgrade(): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      const { answer } = await this.#send('POST', `${this.#path}/upgrade`, {});
      if (answer.status === 202) return void (await this.plane.waitForCompletion(answer.body['jobId']));
      const plan = await this.#client.send('GET', `${this.#path}/upgrade`, undefined, this.#key());
      if ((plan.body['current'] as { rendererVersion?: number } | undefined)?.rendererVersion === 2) return;
    }
    throw new Error(`${this.#path} was not upgraded to the newer renderer`);
  }

  async change(cpuLimitMc: number): Promise<void> {
    const { answer } = await this.#send('PATCH', this.#path, { cpuLimitMc });
    const { from, to } = answer;
    this.#writes.push({ cpuLimitMc, from, to });
    const plan = await this.#client.send('GET', `${this.#path}/upgrade`, undefined, this.#key());
    if (plan.status !== 200) throw new Error(`the plan was answered ${plan.status} ${JSON.stringify(plan.body)}`);
    const restarted = await this.#send('PATCH', `${this.#path}/restart`, undefined);
    this.#jobIds.push(restarted.answer.body['jobId']);
  }

  /** Waits for each queued job in its turn, and checks the responses. */
  async finish(): Promise<void> {
    for (const jobId of this.#jobIds) await this.plane.waitForCompletion(jobId);
    const { responses, unexpectedResponses } = this.#client;
    const [unexpected] = unexpectedResponses;
    if (unexpected !== undefined) throw new Error(unexpected.what);
    if (!responses.has('503')) throw new Error(`no replica lacked the renderer: ${JSON.stringify([...responses])}`);
  }

  /** Leaves the instance to the load. */
  release(): void {
    this.ledger.instances.push({ ...this.#created, path: this.#path, writes: this.#writes, deleted: false });
  }

  async #send(
    method: string,
    path: string,
    body: unknown,
  ): Promise<{ readonly key: string; readonly answer: FinalResponse }> {
    const key = this.#key();
    const answer = await this.#client.send(method, path, body, key);
    if (answer.status === 202) this.ledger.jobs.set(key, String(answer.body['jobId']));
    else if (answer.status !== 200) {
      throw new Error(`${method} ${path} was answered ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return { key, answer };
  }

  #key(): string {
    this.#requests += 1;
    return `newer-${this.ledger.jobs.size}-${this.#requests}`;
  }
}
