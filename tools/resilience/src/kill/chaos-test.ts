import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeClient, readKubeconfig } from '@runos/kube-client';
import { readPlaneInfo, eventually, Plane, unlimited, PlaneClient } from '@runos/tool-e2e';
import { recordAgentReports } from '../history/agent-reports.js';
import { checkHistory } from '../history/check-history.js';
import { Observers } from '../history/observers.js';
import { withCluster } from '../history/stored-bundles.js';
import { describeViolation } from '../history/violation.js';
import { Ledger } from '../load/ledger.js';
import { Load, RandomSequence } from '../load/load.js';
import { type UnexpectedResponse, RetryingClient } from '../load/retrying-client.js';
import { checkCluster } from './check-cluster.js';
import { type InjectedFault } from './faults.js';
import { waitUntilReady, waitForCluster, unreadyServices } from './readiness.js';
import { checkDatabase } from './check-database.js';

export interface ChaosTestOptions {
  readonly seed: number;
  /** Options of `npm start`; with `--replicas` the API must stay available while one gateway is down. */
  readonly start?: readonly string[];
  /** Called with the data folder before the start. The options that it returns are added to `start`. */
  readonly prepare?: (data: string) => Promise<readonly string[]>;
  readonly faults: Iterable<InjectedFault>;
  /** The service types of the load. Default: all that need no other instance. */
  readonly types?: readonly string[] | undefined;
  /** The minimum number of writes; clients continue until the last fault has ended. */
  readonly writes: number;
  readonly instances: number;
  readonly clients: number;
  /** The pause between two writes of one client, ms. */
  readonly pauseMs: number;
  /** The minimum pause between recovery and the next fault, ms; the seed at most doubles it. */
  readonly faultPauseMs: number;
  /**
   * The run fails after this time and the end of the current fault, ms. Default: it may take any time. A spec needs one
   * below its own timeout, which ends nothing.
   */
  readonly withinMs?: number;
  readonly print: (line: string) => void;
}

export interface ChaosTestResult {
  readonly unexpectedResponses: readonly UnexpectedResponse[];
  /** Broken guarantees; empty when the test passed. */
  readonly brokenGuarantees: readonly string[];
  readonly jobs: number;
  readonly responses: Readonly<Record<string, number>>;
}

/** The time after the last fault within which everything must converge, ms. */
const convergenceMs = 150_000;
/** The time for which a balancer may still forward connections to a killed gateway, ms. */
const balancerDelayMs = 1_000;
/** The time within which a fault makes the only gateway unavailable, ms. */
const unavailableWithinMs = 10_000;

/**
 * Starts a plane, injects one fault after the other while clients write, then checks every guarantee. When one is broken,
 * data and logs are kept for the analysis.
 */
export async function runChaosTest(options: ChaosTestOptions): Promise<ChaosTestResult> {
  const plane = await Plane.create();
  let keep = false;
  try {
    const { start = ['--balanced'] } = options;
    const prepared = (await options.prepare?.(plane.data)) ?? [];
    await plane.start('clusterReady', unlimited, ...start, ...prepared);
    keep = true;
    const result = await runWithin(new ChaosTest(await PlaneClient.connect(plane.data), plane.data, options), options);
    keep = result.brokenGuarantees.length > 0;
    if (!keep) await plane.finish();
    return result;
  } finally {
    await plane.stop();
    if (keep) options.print(`data and logs are kept in ${plane.data}`);
    else await plane.remove();
  }
}

/** Whatever ends the run, its clients end with it: one that goes on would keep this process running. */
async function runWithin(test: ChaosTest, { withinMs }: ChaosTestOptions): Promise<ChaosTestResult> {
  const late = new Error(`the run did not end within ${Number(withinMs) / 1_000} s`);
  const timer = withinMs === undefined ? undefined : setTimeout(() => test.end(late), withinMs);
  try {
    return await test.run();
  } finally {
    clearTimeout(timer);
    test.end();
  }
}

class ChaosTest {
  readonly #client: RetryingClient;
  readonly #load: Load;
  readonly #observers: Observers;
  readonly #ledger = new Ledger();
  readonly #failures: string[] = [];
  #hasLoadFailed = false;
  /** Requests that started before this time may lack a response, ms since the epoch. */
  #mayLackResponseUntil = 0;
  readonly #random: RandomSequence;

  constructor(
    private readonly planeClient: PlaneClient,
    private readonly data: string,
    private readonly options: ChaosTestOptions,
  ) {
    const { seed, types, writes, instances, clients, pauseMs } = options;
    this.#random = new RandomSequence(seed);
    const { info, services } = planeClient;
    const ledger = this.#ledger;
    this.#client = new RetryingClient(
      info.apiUrl,
      info.token,
      (startedAt) => startedAt < this.#mayLackResponseUntil,
      ledger.history,
      ledger.end.signal,
    );
    this.#observers = new Observers({
      ledger,
      services,
      aid: info.aid,
      seed,
      endpoints: info.replicas.map(({ apiUrl: url }, n) => ({ name: `gateway ${n + 1}`, url, token: info.token })),
    });
    this.#load = new Load({
      client: this.#client,
      ledger,
      services,
      seed,
      types,
      writes,
      instances,
      clients,
      pauseMs,
    });
  }

  async run(): Promise<ChaosTestResult> {
    const { faults, print } = this.options;
    const written = this.#load.run().catch((error: unknown) => {
      this.#hasLoadFailed = true;
      this.#failures.push(`the load ended: ${(error as Error).message}`);
    });
    this.#observers.start();
    const { signal } = this.#ledger.end;
    for (const fault of faults) {
      if (this.#hasLoadFailed || signal.aborted) break;
      await this.#inject(fault);
    }
    this.#load.finish();
    await written;
    await this.#observers.finish();
    signal.throwIfAborted();
    const { jobs, living, instances } = this.#ledger;
    print(`${jobs.size} jobs were accepted for ${instances.length} instances, ${living.length} of them still exist`);
    const inconsistencies = await this.#inconsistencies();
    await this.#observeEnd();
    signal.throwIfAborted();
    const brokenGuarantees = [...this.#failures, ...inconsistencies, ...(await this.#violations())];
    const responses = Object.fromEntries(this.#client.responses);
    print(`responses: ${JSON.stringify(responses)}`);
    return { unexpectedResponses: this.#client.unexpectedResponses, brokenGuarantees, jobs: jobs.size, responses };
  }

  /** Ends the clients of this test and of its faults. A run that goes on fails with this reason. */
  end(reason?: Error): void {
    this.#ledger.end.abort(reason);
  }

  async #inject(fault: InjectedFault): Promise<void> {
    const { print, faultPauseMs } = this.options;
    await sleep(faultPauseMs + this.#random.below(faultPauseMs));
    const startedAt = Date.now();
    this.#mayLackResponseUntil = this.#unavailableUntil(fault, startedAt);
    try {
      // Both end before the next fault, also when one fails.
      const both = await Promise.allSettled([fault.inject(this.data, this.#ledger), this.#gatewayRecovers()]);
      for (const one of both) if (one.status === 'rejected') throw one.reason;
      const backMs = Date.now() - startedAt;
      const readyMs = await waitUntilReady(this.data);
      await waitForCluster(
        this.planeClient.api,
        `/${this.planeClient.info.aid}/clusters/${this.planeClient.info.cid}`,
        60_000,
      );
      const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
      print(`${fault.name}: processes run after ${seconds(backMs)} s, all ready ${seconds(readyMs)} s later`);
    } catch (error) {
      this.#failures.push(`${fault.name}: ${(error as Error).message}`);
      print(`${fault.name}: ${(error as Error).message}`);
    }
  }

  /** While the only gateway is down, requests get no response; one of several loses only its requests in flight. */
  #unavailableUntil({ hits, silentMs = 0 }: InjectedFault, injectedAt: number): number {
    if (!hits.some((name) => /^gateway(-\d+)?$/.test(name))) return 0;
    return this.planeClient.info.replicas.length > 1 ? injectedAt + silentMs + balancerDelayMs : Infinity;
  }

  /** Once the only gateway is ready again, every request gets a response, even while other services are down. */
  async #gatewayRecovers(): Promise<void> {
    if (this.#mayLackResponseUntil !== Infinity) return;
    await eventually(
      'the gateway to be gone',
      async () => (await unreadyServices(this.data, ['gateway'])).length > 0,
      unavailableWithinMs,
    );
    await waitUntilReady(this.data, ['gateway'], convergenceMs);
    this.#mayLackResponseUntil = Date.now();
  }

  /** What the agent reports after the convergence, and then what the plane shows. */
  async #observeEnd(): Promise<void> {
    const { history } = this.#ledger;
    try {
      await withCluster(this.planeClient, (client) => recordAgentReports(client, history));
      await this.#observers.readEnd();
    } catch (error) {
      this.#failures.push(`the reports of the agent were not read: ${(error as Error).message}`);
    }
  }

  /** The contradictions in what clients received. A history with one is kept beside the logs. */
  async #violations(): Promise<string[]> {
    const { history } = this.#ledger;
    const violations = checkHistory(history);
    const { operations, agentReports } = history;
    const ready = agentReports.filter((report) => report.ready).length;
    this.options.print(`the agent reports ${ready} of ${agentReports.length} instances ready`);
    this.options.print(`checked ${operations.length} operations: ${violations.length} contradictions`);
    if (violations.length === 0) return [];
    const lines = [...history.restores, ...agentReports, ...operations].map((each) => JSON.stringify(each));
    await writeFile(join(this.data, 'history.jsonl'), `${lines.join('\n')}\n`, { mode: 0o600 });
    return violations.map(describeViolation);
  }

  /** The inconsistencies that remain after the time for convergence. */
  async #inconsistencies(): Promise<string[]> {
    const client = new KubeClient(await readKubeconfig(this.planeClient.info.kubeconfig));
    const { databaseUrl } = await readPlaneInfo(this.data);
    const ledger = this.#ledger;
    const startedAt = Date.now();
    let last = '';
    let wrong: string[] = ['nothing was checked'];
    const check = async (): Promise<boolean> => {
      if (ledger.end.signal.aborted) return true;
      wrong = await checkDatabase(databaseUrl, ledger);
      if (wrong.length === 0) wrong = await checkCluster(client, ledger);
      last = wrong[0] ?? last;
      return wrong.length === 0;
    };
    try {
      await eventually('convergence', check, convergenceMs).catch((error: Error) => {
        if (wrong.length === 0) wrong = [String(error.cause ?? error)];
      });
      const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1);
      this.options.print(
        `converged ${seconds} s after the last response${last && `; the last inconsistency: ${last}`}`,
      );
      return wrong;
    } finally {
      await client.close();
    }
  }
}

/** Prints the result, and sets the exit code. */
export function printResult(result: ChaosTestResult, print: (line: string) => void): void {
  for (const { at, what } of result.unexpectedResponses) print(`unexpected response ${at} ${what}`);
  for (const guarantee of result.brokenGuarantees) print(`broken ${guarantee}`);
  const passed = result.brokenGuarantees.length === 0 && result.unexpectedResponses.length === 0;
  print(passed ? `every guarantee was kept (${result.jobs} jobs)` : 'NOT every guarantee was kept');
  process.exitCode = passed ? 0 : 1;
}
