import { PlaneClient } from '@runos/tool-e2e';
import type { InjectedFault } from '../kill/faults.js';
import type { Ledger, LedgerInstance, Write } from '../load/ledger.js';
import { LedgerClient } from '../load/ledger-client.js';

/** Enough requests that one reaches the replica without the renderer: each does with a probability of one half. */
const rounds = 8;
/** NATS chooses the replica at random, and only the newer one has something to upgrade. */
const upgradeAttempts = 40;
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
  readonly #client: LedgerClient;
  readonly #writes: Write[] = [];
  readonly #jobIds: unknown[] = [];
  #path = '';
  #created: Pick<LedgerInstance, 'osid' | 'key'> = { osid: '', key: '' };

  constructor(
    private readonly plane: PlaneClient,
    private readonly ledger: Ledger,
  ) {
    this.#client = new LedgerClient(plane, ledger, 'newer');
  }

  async create(): Promise<void> {
    const services = `${this.plane.services}/valkey`;
    const { key, answer } = await this.#client.send('POST', services, { name: 'pinned', cpuLimitMc: firstLimitMc });
    const { osid, id, jobId } = answer.body as Record<string, string>;
    this.#path = `${services}/${id}`;
    this.#created = { osid: String(osid), key };
    this.#writes.push({ cpuLimitMc: firstLimitMc, from: answer.from, to: answer.to });
    await this.plane.waitForCompletion(jobId);
  }

  /** The replica without the renderer has nothing to upgrade, so the request is repeated. */
  async upgrade(): Promise<void> {
    for (let attempt = 0; attempt < upgradeAttempts; attempt += 1) {
      const { answer } = await this.#client.send('POST', `${this.#path}/upgrade`, {});
      if (answer.status === 202) return void (await this.plane.waitForCompletion(answer.body['jobId']));
      const plan = await this.#client.send('GET', `${this.#path}/upgrade`);
      if ((plan.answer.body['current'] as { rendererVersion?: number } | undefined)?.rendererVersion === 2) return;
    }
    throw new Error(`${this.#path} was not upgraded to the newer renderer`);
  }

  async change(cpuLimitMc: number): Promise<void> {
    const { answer } = await this.#client.send('PATCH', this.#path, { cpuLimitMc });
    const { from, to } = answer;
    this.#writes.push({ cpuLimitMc, from, to });
    await this.#client.send('GET', `${this.#path}/upgrade`);
    const restarted = await this.#client.send('PATCH', `${this.#path}/restart`);
    this.#jobIds.push(restarted.answer.body['jobId']);
  }

  /** Waits for each queued job in the order of the queue. @throws Error if every replica had the renderer */
  async finish(): Promise<void> {
    for (const jobId of this.#jobIds) await this.plane.waitForCompletion(jobId);
    if (this.#client.count(503) === 0) throw new Error('no replica lacked the renderer: there was no response 503');
  }

  /** Leaves the instance to the load. */
  release(): void {
    this.ledger.instances.push({ ...this.#created, path: this.#path, writes: this.#writes, deleted: false });
  }
}
