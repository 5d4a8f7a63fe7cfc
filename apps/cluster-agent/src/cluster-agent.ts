import { createRequire } from 'node:module';
import {
  addonsCapability,
  AddonStatus,
  BundleStatus,
  bundlesCapability,
  type ClusterAgentHello,
  ClusterAgentHeartbeatToServer,
  type DetectedAddon,
  kindsCapability,
  RESYNC,
} from '@runos/agent-protocol';
import { AgentSession, type SessionTiming } from '@runos/agent-session';
import { type Backoff, type ConflictBackoffOptions, exponentialBackoff } from '@runos/engine';
import { type Clock, systemClock } from '@runos/kernel';
import { type ClusterAccess, inClusterAccess, KubeClient, readKubeconfig } from '@runos/kube-client';
import type { Logger } from '@runos/observability';
import { AddonDetector } from './addons/addon-detector.js';
import { AddonInstaller } from './addons/addon-installer.js';
import type { ClusterAgentConfig } from './config.js';
import { clusterUid, SecretCredentials } from './identity/secret-credentials.js';
import { LeaderElector } from './leadership/leader-elector.js';
import { BundleController } from './reconcile/bundle-controller.js';
import { ResyncLoop } from './resync/resync.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

export interface ClusterAgentOptions {
  readonly config: ClusterAgentConfig;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly timing?: Partial<SessionTiming>;
  readonly conflicts?: ConflictBackoffOptions;
  readonly leaseDurationMs?: number;
}

/** What starts again with each stream. */
interface PerStream {
  readonly resyncs: ResyncLoop;
  readonly addons: AddonDetector;
}

/** The agent of one cluster: leader election, then the bundle controller and the session with the plane. */
export class ClusterAgent {
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  readonly #backoff: Backoff = exponentialBackoff({ firstMs: 500, maxMs: 15_000 });
  #controller: BundleController | undefined;
  #session: AgentSession | undefined;

  /** Starts at once and retries every failure until `stop`. */
  constructor(
    private readonly options: ClusterAgentOptions,
    access: ClusterAccess,
  ) {
    this.#clock = options.clock ?? systemClock;
    const client = new KubeClient(access);
    this.#running = this.#run(client).finally(() => client.close());
  }

  /** True if this agent is the leader of its cluster and has loaded the stored bundles. */
  get active(): boolean {
    return this.#controller !== undefined;
  }

  get connected(): boolean {
    return this.#session?.connected ?? false;
  }

  /** Resolves when the checkpoints are stored and the lease is released. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(client: KubeClient): Promise<void> {
    const { config, logger } = this.options;
    const elector = new LeaderElector({
      client,
      namespace: config.namespace,
      holder: config.holder,
      clock: this.#clock,
      durationMs: this.options.leaseDurationMs,
    });
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted;) {
      try {
        const uid = await clusterUid(client, signal);
        const onWaiting = (reason: string) => logger.info({ reason }, 'waiting for the lease of this cluster');
        if (!(await elector.acquire(signal, onWaiting))) break;
        await this.#lead(client, uid, elector);
        failures = 0;
      } catch (err) {
        if (signal.aborted) break;
        failures += 1;
        logger.warn({ err, failures }, 'agent is not active; retrying');
        await this.#clock.sleep(this.#backoff(failures), signal);
      }
    }
    await elector.release();
  }

  /** Resolves when the lease is lost or the agent stops. */
  async #lead(client: KubeClient, uid: string, elector: LeaderElector): Promise<void> {
    const ending = new AbortController();
    const end = () => ending.abort();
    this.#stopping.signal.addEventListener('abort', end, { once: true });
    const leaseLost = elector.renew(ending.signal);
    try {
      await this.#runController(client, uid, leaseLost);
    } finally {
      end();
      await leaseLost;
      this.#stopping.signal.removeEventListener('abort', end);
    }
  }

  async #runController(client: KubeClient, uid: string, leaseLost: Promise<void>): Promise<void> {
    const { logger } = this.options;
    const controller = this.#newController(client);
    const report = (addons: DetectedAddon[]) => this.#session?.post('addons', AddonStatus, { addons });
    const addons = new AddonDetector({ client, logger, clock: this.#clock, report });
    const resyncs = new ResyncLoop(() => controller.resync(), this.#clock, logger);
    try {
      await controller.load();
      // The hello carries the root hash of the loaded bundles. Reports need the session, so it is opened before `start`.
      this.#session = this.#openSession(client, uid, controller, { resyncs, addons });
      controller.start();
      this.#controller = controller;
      logger.info({ ...controller.summary(), version }, 'active');
      await leaseLost;
    } finally {
      this.#controller = undefined;
      await this.#session?.stop();
      this.#session = undefined;
      await resyncs.stop();
      await addons.stop();
      await controller.stop();
    }
  }

  #newController(client: KubeClient): BundleController {
    const { config, logger, conflicts } = this.options;
    const { namespace, concurrency, deletionBlockedAfterMs, removalRequeueMs } = config;
    return new BundleController({
      client,
      logger,
      namespace,
      conflicts,
      concurrency,
      deletionBlockedAfterMs,
      removalRequeueMs,
      clock: this.#clock,
      plane: {
        sendStatus: ({ status, ...envelope }) => this.#session?.post(status.osid, BundleStatus, status, envelope),
        resync: async (request) => {
          if (this.#session === undefined) throw new Error('not connected to the plane');
          return this.#session.request(RESYNC, request);
        },
      },
    });
  }

  #openSession(
    client: KubeClient,
    uid: string,
    controller: BundleController,
    { resyncs, addons }: PerStream,
  ): AgentSession {
    const { config, logger, timing } = this.options;
    const { server: host, registerPort, streamPort, aid, token, namespace } = config;
    const installer =
      config.addons === 'none' ? undefined : new AddonInstaller({ client, namespace, contents: config.addons });
    return new AgentSession({
      kind: 'cluster-agent',
      server: { host, registerPort, streamPort },
      trust: { caFile: config.ca, caSha256: config.caSha256 },
      aid,
      token,
      logger,
      timing,
      machineId: uid,
      os: 'kubernetes',
      store: new SecretCredentials(client, uid, namespace),
      hello: (): Promise<ClusterAgentHello> =>
        Promise.resolve({
          version,
          clusterUid: uid,
          capabilities: [bundlesCapability, kindsCapability, ...(installer ? [addonsCapability] : [])],
          kinds: true,
          ...controller.summary(),
        }),
      heartbeat: () => Promise.resolve({ report: ClusterAgentHeartbeatToServer, body: {} }),
      handlers: {
        APPLY_BUNDLE: (bundle) => controller.applyBundle(bundle),
        DELETE_BUNDLE: (input) => controller.deleteBundle(input),
        DIFF_BUNDLE: (bundle) => controller.diffBundle(bundle),
        ...(installer && {
          APPLY_ADDON: (input) => installer.applyAddon(input),
          DELETE_ADDON: (input) => installer.removeAddon(input),
        }),
      },
      onConnected: ({ inSync, addons: recognitions }) => {
        resyncs.connected(inSync === true);
        addons.connected(recognitions);
      },
      onDisconnected: () => resyncs.disconnected(),
    });
  }
}

/** Access to the cluster of the config. @throws Error with the remedy if there is none. */
export const clusterAccessOf = ({ kubeconfig }: ClusterAgentConfig): Promise<ClusterAccess> =>
  kubeconfig === undefined ? inClusterAccess() : readKubeconfig(kubeconfig);
