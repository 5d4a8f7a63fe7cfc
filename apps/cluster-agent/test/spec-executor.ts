import { type Bundle, type BodyOf, type RESYNC, type ReplyOf, tombstoneDigest } from '@runos/agent-protocol';
import { systemRandom } from '@runos/kernel';
import { type KubeObject, type ObjectRef, packObjects } from '@runos/kube-objects';
import { createLogger } from '@runos/observability';
import { InstanceId, Osid, TypeName } from '@runos/osid';
import { latestRenderer, mintSecrets, renderInstance, serviceType } from '@runos/service-types';
import { waitUntil } from '@runos/testing-process';
import { Executor, type ExecutorOptions } from '../src/executor.js';
import type { AgentAccess } from './spec-access.js';
import type { Status } from '../src/status/status.js';

type Question = BodyOf<typeof RESYNC>;

/** An executor in a real cluster, and what it tells a plane that acknowledges everything unless told not to. */
export class SpecExecutor {
  readonly statuses: Status[] = [];
  readonly pending: (() => void)[] = [];
  /** Instances about which the plane acknowledges nothing. */
  readonly deafTo = new Set<string>();
  onResync: (question: Question) => ReplyOf<typeof RESYNC> = () => ({ equal: true });
  executor: Executor;

  constructor(
    readonly access: AgentAccess,
    private readonly options: Partial<ExecutorOptions> = {},
  ) {
    this.executor = this.#make();
  }

  async start(): Promise<this> {
    await this.executor.load();
    this.executor.begin();
    await this.executor.synced();
    return this;
  }

  /** Another process takes over what the first has stored. */
  async restart(meanwhile: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    await this.executor.stop();
    await meanwhile();
    this.statuses.length = 0;
    this.executor = this.#make();
    await this.start();
  }

  /** Ends the executor, and tells Kubernetes to take away what it made; nobody waits for that. */
  async stop(): Promise<void> {
    await this.executor.stop();
    for (const { osid } of this.executor.registry.all()) {
      await this.access.admin.delete({ apiVersion: 'v1', kind: 'Namespace', name: osid });
    }
  }

  /** Resolves with the first status of the instance that fits. */
  async status(osid: string, fits: (status: Status) => unknown, deadlineMs = 20_000): Promise<Status> {
    const find = () => this.statuses.find((status) => status.osid === osid && fits(status));
    const because = () => `no fitting status of ${osid}, the last is ${JSON.stringify(this.#last(osid), null, 1)}`;
    await waitUntil(() => Promise.resolve(find() !== undefined), { deadlineMs, everyMs: 10, because });
    return find() as Status;
  }

  /** Everything told about others' changes to the instance, each once. */
  drifts(osid: string) {
    const all = this.statuses.filter((status) => status.osid === osid).flatMap(({ drift }) => drift ?? []);
    return [...new Map(all.map((drift) => [JSON.stringify(drift), drift])).values()];
  }

  async drift(osid: string, fits: (drift: ReturnType<SpecExecutor['drifts']>[number]) => unknown) {
    await this.status(osid, ({ drift }) => drift?.some(fits));
    return this.drifts(osid).find(fits) as NonNullable<ReturnType<SpecExecutor['drifts']>[number]>;
  }

  /** Applies a bundle and waits until it is ready. */
  async up(bundle: Bundle): Promise<void> {
    const answer = await this.executor.apply(bundle);
    if (!answer.accepted) throw new Error(answer.reason);
    await this.status(bundle.osid, ({ phase, generation }) => phase === 'ready' && generation === bundle.generation);
  }

  async down(osid: string, revision = 99): Promise<void> {
    await this.executor.remove({ osid: osid as Bundle['osid'], generation: revision, revision });
    await this.status(osid, ({ phase }) => phase === 'gone', 60_000);
  }

  #last(osid: string): Status | undefined {
    return this.statuses.filter((status) => status.osid === osid).at(-1);
  }

  #make(): Executor {
    return new Executor({
      client: this.access.agent,
      namespace: this.access.namespace,
      logger: createLogger({ service: 'cluster-agent', level: 'silent' }),
      lookAgainMs: 500,
      notesDelayMs: 20,
      uplink: {
        post: (status, _final, acknowledged) => {
          this.statuses.push(status);
          if (this.deafTo.has(status.osid)) this.pending.push(acknowledged);
          else setImmediate(acknowledged);
        },
        resync: (question) => Promise.resolve(this.onResync(question)),
      },
      ...this.options,
    });
  }
}

/** A name that no other spec has. */
export const newOsid = (type = 'valkey'): Bundle['osid'] =>
  Osid.print(TypeName.parse(type) as TypeName, InstanceId.mint(systemRandom));

const owner = { aid: 'aaaaa', cid: 'demo', clusterDomain: 'demo.aaaaa.example.com' };

/** The objects of an instance as the plane would render them. */
export function objectsOf(osid: string, changes: Record<string, unknown> = {}): KubeObject[] {
  const type = serviceType(osid.slice(0, -6));
  if (type === undefined) throw new Error(`there is no service type for ${osid}`);
  return renderInstance(type, latestRenderer(type), {
    ...{ osid, ...owner, version: type.type === 'valkey' ? '8.1' : '17', replicas: 1, storage: 'local' },
    ...{ cpuRequestMc: 0, cpuLimitMc: 500, memoryRequestMb: 0, memoryLimitMb: 512, storageMb: 1024 },
    ...{ storageClasses: {}, configValues: {}, secrets: mintSecrets(type, systemRandom), ...changes },
  });
}

export function bundleOf(
  osid: Bundle['osid'],
  revision: number,
  objects: KubeObject[],
  policy: Bundle['driftPolicy'] = 'repair',
): Bundle {
  const { objectsGz, digest } = packObjects(objects);
  return { osid, generation: revision, revision, digest, driftPolicy: policy, objectsGz };
}

/** The rendered object of a kind. */
export const ofKind = (objects: readonly KubeObject[], kind: string): KubeObject =>
  objects.find((object) => object.kind === kind) as KubeObject;

export const refIn = (osid: string, apiVersion: string, kind: string, name = osid): ObjectRef =>
  kind === 'Namespace' ? { apiVersion, kind, name } : { apiVersion, kind, namespace: osid, name };

export { tombstoneDigest };
