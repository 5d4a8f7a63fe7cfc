import { createRequire } from 'node:module';
import {
  AgentHello,
  type BodyOf,
  BundleStatus,
  bundlesCapability,
  ClusterAgentHeartbeatToServer,
  RESYNC,
} from '@runos/agent-protocol';
import { AgentSession, type SessionTiming } from '@runos/agent-session';
import { type Backoff, exponentialBackoff, type ConflictBackoffOptions } from '@runos/engine';
import { type Clock, systemClock } from '@runos/kernel';
import { type ClusterAccess, inClusterAccess, KubeClient, readKubeconfig } from '@runos/kube-client';
import type { Logger } from '@runos/observability';
import type { ClusterAgentConfig } from './cluster-agent-config.js';
import { Executor } from './executor.js';
import { clusterUid } from './identity/cluster-uid.js';
import { SecretCredentials } from './identity/secret-credentials.js';
import { Lease } from './leadership/lease.js';
import { ResyncLoop } from './resync/resync-loop.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

export interface ClusterAgentOptions {
  readonly config: ClusterAgentConfig;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly timing?: Partial<SessionTiming>;
  readonly fights?: ConflictBackoffOptions;
  readonly leaseDurationMs?: number;
}

/** The agent of one cluster, from its access to Kubernetes to its stream. Whatever fails is tried again; it never gives up. */
export class ClusterAgent {
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  readonly #backoff: Backoff = exponentialBackoff({ firstMs: 500, maxMs: 15_000 });
  #executor: Executor | undefined;
  #session: AgentSession | undefined;

  /** Starts at once; `stop` ends it. */
  constructor(
    private readonly options: ClusterAgentOptions,
    access: ClusterAccess,
  ) {
    this.#clock = options.clock ?? systemClock;
    const client = new KubeClient(access);
    this.#running = this.#run(client).finally(() => client.close());
  }

  /** This agent is the active one of its cluster, and knows what is stored. */
  get active(): boolean {
    return this.#executor !== undefined;
  }

  get connected(): boolean {
    return this.#session?.connected ?? false;
  }

  /** Resolves when nothing moves any more: the lease is given back, what was learnt is stored. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(client: KubeClient): Promise<void> {
    const { config, logger } = this.options;
    const lease = new Lease({
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
        const waits = (why: string) => logger.info({ why }, 'waiting to become the active agent of this cluster');
        if (!(await lease.acquire(signal, waits))) break;
        await this.#lead(client, uid, lease);
        failures = 0;
      } catch (err) {
        if (signal.aborted) break;
        failures += 1;
        logger.warn({ err, failures }, 'not at work; trying again');
        await this.#clock.sleep(this.#backoff(failures), signal);
      }
    }
    await lease.release();
  }

  /** As long as the lease is ours. */
  async #lead(client: KubeClient, uid: string, lease: Lease): Promise<void> {
    const ending = new AbortController();
    const end = () => ending.abort();
    this.#stopping.signal.addEventListener('abort', end, { once: true });
    const kept = lease.keep(ending.signal);
    try {
      await this.#work(client, uid, kept);
    } finally {
      end();
      await kept;
      this.#stopping.signal.removeEventListener('abort', end);
    }
  }

  async #work(client: KubeClient, uid: string, kept: Promise<void>): Promise<void> {
    const { config, logger, fights } = this.options;
    const { namespace, concurrency, heldUpAfterMs, lookAgainMs } = config;
    const executor = new Executor({
      ...{ client, logger, namespace, fights, concurrency, heldUpAfterMs, lookAgainMs, clock: this.#clock },
      uplink: {
        post: (status, final, acknowledged, trace) =>
          this.#session?.post(status.osid, BundleStatus, status, { final, acknowledged, trace }),
        resync: async (question) => {
          if (this.#session === undefined) throw new Error('not connected to the plane');
          return this.#session.request(RESYNC, question);
        },
      },
    });
    const compare = new ResyncLoop(() => executor.resync(), this.#clock, logger);
    try {
      await executor.load();
      // The hello tells what is stored, so the stream follows the loading; statuses need the session, so it comes first.
      this.#session = this.#dial(client, uid, executor, compare);
      executor.begin();
      this.#executor = executor;
      logger.info({ ...executor.summary(), version }, 'active');
      await kept;
    } finally {
      this.#executor = undefined;
      await this.#session?.stop();
      this.#session = undefined;
      await compare.stop();
      await executor.stop();
    }
  }

  #dial(client: KubeClient, uid: string, executor: Executor, compare: ResyncLoop): AgentSession {
    const { config, logger, timing } = this.options;
    const { server: host, registerPort, streamPort, aid, token } = config;
    return new AgentSession({
      kind: 'cluster-agent',
      server: { host, registerPort, streamPort },
      trust: { caFile: config.ca, caSha256: config.caSha256 },
      ...{ aid, token, logger, timing },
      machineId: uid,
      os: 'kubernetes',
      store: new SecretCredentials(client, uid, config.namespace),
      hello: async (): Promise<BodyOf<typeof AgentHello>> => ({
        version,
        capabilities: [bundlesCapability],
        ...executor.summary(),
      }),
      heartbeat: async () => ({ report: ClusterAgentHeartbeatToServer, body: {} }),
      handlers: {
        APPLY_BUNDLE: (bundle) => executor.apply(bundle),
        DELETE_BUNDLE: (input) => executor.remove(input),
        DIFF_BUNDLE: (bundle) => executor.diff(bundle),
      },
      onConnected: ({ inSync }) => compare.connected(inSync === true),
      onDisconnected: () => compare.disconnected(),
    });
  }
}

/** Access as the settings say. Throws when there is none, with what to do. */
export const accessOf = ({ kubeconfig }: ClusterAgentConfig): Promise<ClusterAccess> =>
  kubeconfig === undefined ? inClusterAccess() : readKubeconfig(kubeconfig);
