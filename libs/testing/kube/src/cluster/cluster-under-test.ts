import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '@runos/testing-process';
import { apply, kubeRequest } from './kube-request.js';
import type { ClusterOptions } from './cluster-options.js';
import { type RunningCluster, startCluster } from './start-cluster.js';

/** The live fields of an object that tests read. */
export interface Live {
  readonly metadata: { readonly name: string; readonly uid: string; readonly annotations?: Record<string, string> };
  readonly spec: Record<string, unknown>;
  readonly status: Record<string, unknown> & { readonly conditions?: readonly Condition[] };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  /** Of the conditions of a node. */
  readonly lastHeartbeatTime?: string;
}

/** A cluster for the specs of this package, with operations on objects. */
export class ClusterUnderTest {
  private constructor(
    readonly cluster: RunningCluster,
    private readonly dataDir: string,
  ) {}

  /** Starts a cluster, by default with a temporary data folder. `stop` deletes the folder in any case. */
  static async start(options: Partial<ClusterOptions> = {}): Promise<ClusterUnderTest> {
    const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'runos-kube-spec-'));
    return new ClusterUnderTest(await startCluster({ dataDir, ...options }), dataDir);
  }

  apply = (path: string, object: object): Promise<string> => apply(this.cluster, path, JSON.stringify(object));

  /** Creates the namespace if it does not exist, and returns its name. */
  async namespace(name: string): Promise<string> {
    await this.apply(`/api/v1/namespaces/${name}`, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    return name;
  }

  /** Null removes an annotation. @throws Error with the response when it is not 200 */
  async annotate(path: string, annotations: Record<string, string | null>): Promise<void> {
    const body = JSON.stringify({ metadata: { annotations } });
    const reply = await kubeRequest(this.cluster, path, {
      method: 'PATCH',
      body,
      contentType: 'application/merge-patch+json',
    });
    if (reply.status !== 200) throw new Error(reply.body);
  }

  /** Undefined for every response but 200. */
  async get(path: string): Promise<Live | undefined> {
    const reply = await kubeRequest(this.cluster, path);
    return reply.status === 200 ? ({ status: {}, ...JSON.parse(reply.body) } as Live) : undefined;
  }

  /** Resolves with the object once `test` is true; the error contains its last state. */
  async waitFor(path: string, test: (live: Live) => unknown): Promise<Live> {
    let live: Live | undefined;
    const holds = async (): Promise<boolean> => Boolean((live = await this.get(path)) && (await test(live)));
    await waitUntil(holds, { everyMs: 50, because: () => `${path} is ${JSON.stringify(live?.status)}` });
    return live as Live;
  }

  /** Resolves when the object does not exist. */
  async waitUntilGone(path: string): Promise<void> {
    const isGone = async (): Promise<boolean> => (await this.get(path)) === undefined;
    await waitUntil(isGone, { everyMs: 50, because: () => `${path} exists` });
  }

  /** Stops the cluster and deletes its data. */
  async stop(): Promise<void> {
    await this.cluster.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** The condition of a type, undefined when the object does not have it. */
export const condition = (live: Live, type: string): Condition | undefined =>
  live.status.conditions?.find((one) => one.type === type);
