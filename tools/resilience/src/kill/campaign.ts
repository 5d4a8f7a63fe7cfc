import { setTimeout as sleep } from 'node:timers/promises';
import { KubeClient, readKubeconfig } from '@runos/kube-client';
import { readPlaneInfo, eventually, Plane, unlimited, PlaneClient } from '@runos/tool-e2e';
import { Dice } from '../load/dice.js';
import { Load } from '../load/load.js';
import { type Complaint, PatientClient } from '../load/patient-client.js';
import { clusterVerdict } from './cluster-verdict.js';
import { type Fault } from './faults.js';
import { allReady, clusterConnected, unready } from './readiness.js';
import { sqlVerdict } from './sql-verdict.js';

export interface CampaignOptions {
  readonly seed: number;
  /** How the plane is started; with `--replicas` single gateways may go, and the door stays open. */
  readonly start?: readonly string[];
  readonly faults: readonly Fault[];
  /** How many writes the clients make at least; they go on until the last fault has struck. */
  readonly writes: number;
  readonly instances: number;
  readonly clients: number;
  /** Between two writes of one client, ms. */
  readonly pauseMs: number;
  /** Between the moment when everything is ready again and the next fault, ms; the seed adds up to as much again. */
  readonly restMs: number;
  readonly say: (line: string) => void;
}

export interface Verdict {
  readonly complaints: readonly Complaint[];
  /** Promises that were not kept; empty when all is well. */
  readonly broken: readonly string[];
  readonly jobs: number;
  readonly answers: Readonly<Record<string, number>>;
}

/** Everything has ended and settled within this time after the last fault, ms. */
const settleMs = 150_000;
/** Among several gateways a balancer still leads to one that was killed for so long, ms: it hears of it at once. */
const severedMs = 1_000;
/** A fault that hits the only gateway has shut it within this time, ms. */
const shutWithinMs = 10_000;

/**
 * Strikes a plane of its own with one fault after the other while clients write, then checks every promise. When one is
 * broken the data and the logs stay, for whoever has to find out why.
 */
export async function campaign(options: CampaignOptions): Promise<Verdict> {
  const plane = await Plane.create();
  let keep = false;
  try {
    const { start = ['--balanced'] } = options;
    await plane.start('clusterReady', unlimited, ...start);
    const verdict = await new Campaign(await PlaneClient.connect(plane.data), plane.data, options).run();
    keep = verdict.broken.length > 0;
    if (!keep) await plane.finish();
    return verdict;
  } finally {
    await plane.stop();
    if (keep) options.say(`data and logs are kept in ${plane.data}`);
    else await plane.remove();
  }
}

class Campaign {
  readonly #client: PatientClient;
  readonly #load: Load;
  readonly #troubles: string[] = [];
  /** Requests that began before may have got no answer. */
  #excusedUntil = 0;
  readonly #moments: Dice;

  constructor(
    private readonly planeClient: PlaneClient,
    private readonly data: string,
    private readonly options: CampaignOptions,
  ) {
    const { seed, writes, instances, clients, pauseMs } = options;
    this.#moments = new Dice(seed);
    this.#client = new PatientClient(
      planeClient.info.apiUrl,
      planeClient.info.token,
      (begun) => begun < this.#excusedUntil,
    );
    this.#load = new Load({
      client: this.#client,
      services: planeClient.services,
      seed,
      writes,
      instances,
      clients,
      pauseMs,
    });
  }

  async run(): Promise<Verdict> {
    const { faults, say } = this.options;
    const written = this.#load.run();
    written.catch(() => undefined); // awaited below
    for (const fault of faults) await this.#strike(fault);
    this.#load.finish();
    await written;
    const { jobs, living, instances } = this.#load.ledger;
    say(`${jobs.size} jobs were accepted for ${instances.length} instances, ${living.length} of them still wanted`);
    const broken = [...this.#troubles, ...(await this.#settled())];
    const answers = Object.fromEntries(this.#client.answers);
    say(`answers: ${JSON.stringify(answers)}`);
    return { complaints: this.#client.complaints, broken, jobs: jobs.size, answers };
  }

  async #strike(fault: Fault): Promise<void> {
    const { say, restMs } = this.options;
    await sleep(restMs + this.#moments.throw(restMs));
    const began = Date.now();
    this.#excusedUntil = this.#excuse(fault, began);
    try {
      await Promise.all([fault.strike(this.data, this.#load.ledger), this.#doorReopens()]);
      const backMs = Date.now() - began;
      const readyMs = await allReady(this.data);
      await clusterConnected(
        this.planeClient.api,
        `/${this.planeClient.info.aid}/clusters/${this.planeClient.info.cid}`,
        60_000,
      );
      const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
      say(`${fault.name}: back after ${seconds(backMs)} s, all ready ${seconds(readyMs)} s later`);
    } catch (error) {
      this.#troubles.push(`${fault.name}: ${(error as Error).message}`);
      say(`${fault.name}: ${(error as Error).message}`);
    }
  }

  /** While the only gateway is gone its clients get no answer; one of several takes along just what it was answering. */
  #excuse({ hits }: Fault, struck: number): number {
    if (!hits.some((name) => /^gateway(-\d+)?$/.test(name))) return 0;
    return this.planeClient.info.replicas.length > 1 ? struck + severedMs : Infinity;
  }

  /** Once the only gateway is there again nobody goes without an answer, whatever else is not back yet. */
  async #doorReopens(): Promise<void> {
    if (this.#excusedUntil !== Infinity) return;
    await eventually(
      'the gateway to be gone',
      shutWithinMs,
      async () => (await unready(this.data, ['gateway'])).length > 0,
    );
    await allReady(this.data, ['gateway'], settleMs);
    this.#excusedUntil = Date.now();
  }

  /** What is still wrong once there was time enough for everything to come right. */
  async #settled(): Promise<string[]> {
    const client = new KubeClient(await readKubeconfig(this.planeClient.info.kubeconfig));
    const { databaseUrl } = await readPlaneInfo(this.data);
    const { ledger } = this.#load;
    const began = Date.now();
    let last = '';
    let wrong: string[] = ['nothing was checked'];
    const look = async (): Promise<boolean> => {
      wrong = await sqlVerdict(databaseUrl, ledger);
      if (wrong.length === 0) wrong = await clusterVerdict(client, ledger);
      last = wrong[0] ?? last;
      return wrong.length === 0;
    };
    try {
      await eventually('everything to be as it was promised', settleMs, look).catch((error: Error) => {
        if (wrong.length === 0) wrong = [String(error.cause ?? error)];
      });
      const seconds = ((Date.now() - began) / 1_000).toFixed(1);
      this.options.say(`settled ${seconds} s after the last answer${last && `; at last it was about: ${last}`}`);
      return wrong;
    } finally {
      await client.close();
    }
  }
}
