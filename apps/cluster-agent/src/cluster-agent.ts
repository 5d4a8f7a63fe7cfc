import { createRequire } from 'node:module';
import {
  addonsCapability,
  AddonStatus,
  type AgentProblem,
  BundleStatus,
  type ClusterAgentHello,
  ClusterAgentHeartbeatToServer,
  type DetectedAddon,
  RESYNC,
} from '@runos/agent-protocol';
import { AgentSession, type SessionTiming } from '@runos/agent-session';
import { type Backoff, type ConflictBackoffOptions, exponentialBackoff } from '@runos/engine';
import { type Clock, systemClock } from '@runos/kernel';
import { type ClusterAccess, inClusterAccess, KubeClient, readKubeconfig } from '@runos/kube-client';
import type { Logger } from '@runos/observability';
import { agentCapabilities } from './identity/agent-capabilities.js';
import { AddonDetector } from './addons/addon-detector.js';
import { AddonInstaller } from './addons/addon-installer.js';
import type { ClusterAgentConfig } from './config.js';
import { firstAborted } from './leadership/first-aborted.js';
import { clusterUid, SecretCredentials } from './identity/secret-credentials.js';
import { FencedSecrets } from './leadership/fenced-secrets.js';
import { LeaderElector, type LeaseWait } from './leadership/leader-elector.js';
import type { LeaseTerm } from './leadership/lease-term.js';
import { LogReadings } from './logs/log-readings.js';
import { LogOpenings, podLogsOf } from './logs/pod-logs.js';
import { NodeTags } from './nodes/node-tags.js';
import { BundleController } from './reconcile/bundle-controller.js';
import { ResyncLoop } from './resync/resync.js';
import { heartbeatOf } from './status/heartbeat.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

export interface ClusterAgentOptions {
  readonly config: ClusterAgentConfig;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly timing?: Partial<SessionTiming>;
  readonly conflicts?: ConflictBackoffOptions;
  readonly leaseDurationMs?: number;
}

/** What exists once per term of this agent as the leader. */
interface TermParts {
  readonly client: KubeClient;
  readonly secrets: FencedSecrets;
  /** Uid of the cluster. */
  readonly uid: string;
  readonly controller: BundleController;
  readonly resyncs: ResyncLoop;
  readonly addons: AddonDetector;
  readonly logs: LogReadings;
  readonly tags: NodeTags;
}

/** The agent of one cluster: leader election, then the bundle controller and the session with the plane. */
export class ClusterAgent {
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  readonly #backoff: Backoff = exponentialBackoff({ firstMs: 500, maxMs: 15_000 });
  #controller: BundleController | undefined;
  #session: AgentSession | undefined;
  #inactiveReason = 'it is starting';
  #awaitedHolder: string | undefined;

  /** Starts at once and retries every failure until `stop`. */
  constructor(
    private readonly options: ClusterAgentOptions,
    private readonly access: ClusterAccess,
  ) {
    this.#clock = options.clock ?? systemClock;
    const client = new KubeClient(access);
    this.#running = this.#run(client).finally(() => client.close());
  }

  /** True if this agent is the leader of its cluster and has loaded the stored bundles. */
  get isActive(): boolean {
    return this.#controller !== undefined;
  }

  get isConnected(): boolean {
    return this.#session?.isConnected ?? false;
  }

  /** Why this agent is not active. */
  get inactiveReason(): string {
    return this.#inactiveReason;
  }

  /** The other agent that is active while this one is a standby: it waits for the lease and can acquire it. */
  get awaitedHolder(): string | undefined {
    return this.#awaitedHolder;
  }

  /** What keeps an active agent from its work in the whole cluster. */
  get problems(): readonly AgentProblem[] {
    return this.#controller?.observation.problems ?? [];
  }

  /** The kinds that an active agent has not listed yet. */
  get unlistedKinds(): readonly string[] {
    return this.#controller?.observation.unlistedKinds ?? [];
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
        const onWaiting = ({ reason, holder }: LeaseWait) => {
          this.#awaitedHolder = holder;
          this.#inactiveReason = `waiting for the lease of this cluster: ${reason}`;
          logger.info({ reason }, 'waiting for the lease of this cluster');
        };
        const term = await elector.acquire(signal, onWaiting);
        this.#awaitedHolder = undefined;
        if (term === undefined) break;
        this.#inactiveReason = 'it is loading the stored bundles';
        await this.#lead(uid, term, elector);
        failures = 0;
      } catch (err) {
        if (signal.aborted) break;
        failures += 1;
        this.#inactiveReason = err instanceof Error ? err.message : String(err);
        logger.warn({ err, failures }, 'agent is not active; retrying');
        await this.#clock.sleep(this.#backoff(failures), signal);
      }
    }
  }

  /** Resolves when the term has ended or the agent stops. */
  async #lead(uid: string, term: LeaseTerm, elector: LeaderElector): Promise<void> {
    // All requests of this term are aborted with it, before anything else happens.
    const client = new KubeClient(this.access);
    term.ended.addEventListener('abort', () => void client.close());
    const endOfTerm = new AbortController();
    const renewing = elector.renew(term, endOfTerm.signal);
    try {
      await this.#runController(client, uid, term, elector);
    } finally {
      endOfTerm.abort();
      await renewing;
      await client.close();
      if (term.isHeld) await elector.release(term);
    }
    if (term.endReason === '') return;
    this.#inactiveReason = term.endReason;
    this.options.logger.warn({ reason: term.endReason }, 'no longer active');
    await this.#clock.sleep(this.#backoff(1), this.#stopping.signal);
  }

  async #runController(client: KubeClient, uid: string, term: LeaseTerm, elector: LeaderElector): Promise<void> {
    const { logger, config } = this.options;
    const secrets = new FencedSecrets(client, config.namespace, term);
    const controller = this.#newController(client, term);
    const report = (addons: DetectedAddon[]) => {
      this.#session?.post('addons', AddonStatus, { addons });
      controller.retryCustomResources();
    };
    const addons = new AddonDetector({ client, namespace: config.namespace, logger, clock: this.#clock, report });
    const resyncs = new ResyncLoop(controller.resync, this.#clock, logger);
    const logs = this.#newLogReadings(client, controller);
    const tags = new NodeTags({ client, logger, clock: this.#clock });
    try {
      await elector.recordLoad(term, await controller.load());
      // The hello carries the root hash of the loaded bundles. Reports need the session, so it is opened before `start`.
      this.#session = this.#openSession({ client, secrets, uid, controller, resyncs, addons, logs, tags });
      controller.start();
      this.#controller = controller;
      logger.info({ ...controller.summary(), version }, 'active');
      await firstAborted(term.ended, this.#stopping.signal);
    } finally {
      this.#controller = undefined;
      await this.#session?.stop();
      this.#session = undefined;
      logs.closeAll();
      await resyncs.stop();
      await addons.stop();
      await tags.stop();
      await controller.stop();
    }
  }

  #newController(client: KubeClient, term: LeaseTerm): BundleController {
    const { config, logger, conflicts } = this.options;
    const { namespace, concurrency, deletionBlockedAfterMs, removalRequeueMs, ownershipQuietMs } = config;
    return new BundleController({
      client,
      term,
      logger,
      namespace,
      conflicts,
      concurrency,
      deletionBlockedAfterMs,
      removalRequeueMs,
      ownershipQuietMs,
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

  #newLogReadings(client: KubeClient, { instances }: BundleController): LogReadings {
    const openings = new LogOpenings();
    return new LogReadings({
      logsOf: (osid) => podLogsOf(client, osid, openings),
      manages: (osid) => (instances.get(osid)?.record.revision ?? 0) > 0,
      isRemoved: (osid) => instances.isRemoved(osid),
      max: this.options.config.logsPerAgent,
      clock: this.#clock,
      logger: this.options.logger,
    });
  }

  #openSession({ client, secrets, uid, controller, resyncs, addons, logs, tags }: TermParts): AgentSession {
    const { config, logger, timing } = this.options;
    const { server: host, registerPort, streamPort, aid, token } = config;
    const installer =
      config.addons === 'none' ? undefined : new AddonInstaller({ client, secrets, contents: config.addons });
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
      store: new SecretCredentials(secrets, uid),
      hello: (): Promise<ClusterAgentHello> =>
        Promise.resolve({
          version,
          clusterUid: uid,
          capabilities: [...agentCapabilities, ...(installer ? [addonsCapability] : [])],
          kinds: true,
          writers: true,
          ...controller.summary(),
        }),
      heartbeat: () => Promise.resolve({ report: ClusterAgentHeartbeatToServer, body: heartbeatOf(controller) }),
      handlers: {
        APPLY_BUNDLE: (bundle) => controller.applyBundle(bundle),
        DELETE_BUNDLE: (input) => controller.deleteBundle(input),
        DIFF_BUNDLE: (bundle) => controller.diffBundle(bundle),
        HOLD_DELETION: (input) => controller.holdDeletion(input),
        APPLY_NODE_TAGS: (input) => tags.apply(input),
        READ_BUNDLE: (input) => Promise.resolve(controller.readBundle(input)),
        ...logs.handlers,
        ...(installer && {
          APPLY_ADDON: (input) => addons.whileChanging(() => installer.applyAddon(input)),
          DELETE_ADDON: (input) => addons.whileChanging(() => installer.removeAddon(input)),
        }),
      },
      onConnected: ({ inSync, comparesStatuses = false, receivesOrphans = false, addons: recognitions }) => {
        resyncs.connected({ inSync: inSync === true, comparesStatuses, receivesOrphans });
        addons.connected(recognitions);
      },
      onDisconnected: () => {
        logs.closeAll();
        resyncs.disconnected();
      },
    });
  }
}

/** Access to the cluster of the config. @throws Error with the remedy if there is none. */
export const clusterAccessOf = ({ kubeconfig }: ClusterAgentConfig): Promise<ClusterAccess> =>
  kubeconfig === undefined ? inClusterAccess() : readKubeconfig(kubeconfig);
