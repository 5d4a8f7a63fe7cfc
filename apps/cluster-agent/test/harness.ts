import { afterAll, beforeAll } from '@jest/globals';
import type { BodyOf, Bundle, ReplyOf, RESYNC } from '@runos/agent-protocol';
import { systemClock, systemRandom } from '@runos/kernel';
import { type KubeObject, type ObjectRef, packObjects } from '@runos/kube-objects';
import { createLogger } from '@runos/observability';
import { InstanceId, Osid, TypeName } from '@runos/osid';
import { kindRules, latestRenderer, mintSecrets, renderInstance, serviceType } from '@runos/service-types';
import { waitUntil } from '@runos/testing-process';
import { KindCatalogs } from '../src/bundles/kind-catalogs.js';
import { LeaseTerm } from '../src/leadership/lease-term.js';
import { BundleController } from '../src/reconcile/bundle-controller.js';
import type { BundleControllerOptions } from '../src/reconcile/bundle-controller-options.js';
import { type AgentAccess, useAccess } from './agent-access.js';
import type { Status, StatusReport } from '../src/status/plane-client.js';

type ResyncRequest = BodyOf<typeof RESYNC>;

/** Compiled kinds, as a controller keeps them. */
export const kindCatalogs = (): KindCatalogs =>
  new KindCatalogs(createLogger({ service: 'cluster-agent', level: 'silent' }));

/** A term that ends only when a test ends it. */
export const leaseTerm = (token = 1): LeaseTerm =>
  new LeaseTerm({ clock: systemClock, token, heldUntilMs: Number.POSITIVE_INFINITY });

/** A bundle controller in a real cluster, and the reports that it sends to a plane which acknowledges them. */
export class Harness {
  readonly statuses: Status[] = [];
  /** Reports that the plane has not acknowledged. */
  readonly unacknowledged: StatusReport[] = [];
  /** Instances whose reports the plane does not acknowledge. */
  readonly notAcknowledging = new Set<string>();
  /** The last status of each instance that the plane has acknowledged. An agent that restarts does not repeat it. */
  readonly acknowledged = new Map<string, Status>();
  onResync: (request: ResyncRequest) => ReplyOf<typeof RESYNC> = () => ({ equal: true });
  controller: BundleController;

  constructor(
    readonly access: AgentAccess,
    private readonly options: Partial<BundleControllerOptions> = {},
  ) {
    this.controller = this.#newController();
  }

  /** Rejects only when the controller is stopped. */
  async start(): Promise<this> {
    try {
      await this.controller.load();
      this.controller.start();
      await this.controller.synced();
      return this;
    } catch (error) {
      await this.controller.stop();
      throw error;
    }
  }

  /** Another controller continues with the stored bundles. */
  async restart(meanwhile: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    await this.controller.stop();
    await meanwhile();
    this.statuses.length = 0;
    this.controller = this.#newController();
    await this.start();
  }

  /** Stops the controller, and deletes what it has stored. */
  async stop(): Promise<void> {
    await this.controller.stop();
    await deleteStored(this.access);
  }

  /** The last reported status of the instance. */
  lastStatus(osid: string): Status | undefined {
    return this.statuses.filter((status) => status.osid === osid).at(-1);
  }

  /** The first reported status of the instance that matches. */
  async waitForStatus(osid: string, matches: (status: Status) => unknown): Promise<Status> {
    const find = () => this.statuses.find((status) => status.osid === osid && matches(status));
    const because = () => `no fitting status of ${osid}, the last is ${JSON.stringify(this.lastStatus(osid), null, 1)}`;
    await waitUntil(() => Promise.resolve(find() !== undefined), { everyMs: 10, because });
    return find() as Status;
  }

  /** All reported drifts of the instance, each once, without additions that stay. */
  drifts(osid: string) {
    return this.#reported(osid).filter(({ action }) => action !== 'added');
  }

  /** The reported additions that stay, each once. */
  additions(osid: string) {
    return this.#reported(osid).filter(({ action }) => action === 'added');
  }

  #reported(osid: string) {
    const all = this.statuses.filter((status) => status.osid === osid).flatMap(({ drift }) => drift ?? []);
    return [...new Map(all.map((drift) => [JSON.stringify(drift), drift])).values()];
  }

  async waitForDrift(osid: string, matches: (drift: ReturnType<Harness['drifts']>[number]) => unknown) {
    await this.waitForStatus(osid, ({ drift }) => drift?.some(matches));
    return this.#reported(osid).find(matches) as NonNullable<ReturnType<Harness['drifts']>[number]>;
  }

  /** Applies a bundle and waits until it is ready. */
  async applyUntilReady(bundle: Bundle): Promise<void> {
    const answer = await this.controller.applyBundle(bundle);
    if (!answer.accepted) throw new Error(answer.reason);
    await this.waitForStatus(
      bundle.osid,
      ({ phase, generation }) => phase === 'ready' && generation === bundle.generation,
    );
  }

  async removeUntilGone(osid: string, revision = 99): Promise<void> {
    await this.controller.deleteBundle({ osid: osid as Bundle['osid'], generation: revision, revision });
    await this.waitForStatus(osid, ({ phase }) => phase === 'gone');
  }

  #acknowledge(report: StatusReport): void {
    this.acknowledged.set(report.status.osid, report.status);
    report.acknowledged();
  }

  #newController(): BundleController {
    return new BundleController({
      client: this.access.agent,
      term: leaseTerm(),
      namespace: this.access.namespace,
      logger: createLogger({ service: 'cluster-agent', level: 'silent' }),
      concurrency: 16,
      deletionBlockedAfterMs: 60_000,
      removalRequeueMs: 500,
      ownershipQuietMs: 600_000,
      checkpointDelayMs: 20,
      plane: {
        sendStatus: (report) => {
          this.statuses.push(report.status);
          if (this.notAcknowledging.has(report.status.osid)) this.unacknowledged.push(report);
          else setImmediate(() => this.#acknowledge(report));
        },
        resync: (request) => Promise.resolve(this.onResync(request)),
      },
      ...this.options,
    });
  }
}

/**
 * Deletes the Secrets of an agent and the namespaces of its instances, without waiting for their end. Otherwise the next
 * agent would create the namespaces again.
 */
export async function deleteStored({ admin, namespace }: AgentAccess): Promise<void> {
  const stored = await admin.list({ apiVersion: 'v1', kind: 'Secret', namespace, metadataOnly: true });
  const names = stored.map(({ metadata: { name } }) => name);
  const osids = names.filter((name) => name.startsWith('bundle-')).map((name) => name.slice('bundle-'.length));
  const secrets = names.map((name) => refIn(namespace, 'v1', 'Secret', name));
  const namespaces = osids.map((osid) => refIn(osid, 'v1', 'Namespace'));
  await Promise.all([...secrets, ...namespaces].map((ref) => admin.delete(ref)));
}

/** Starts a harness before the tests of a spec and stops it after them. `assign` receives it with its access. */
export function useHarness(
  assign: (started: { access: AgentAccess; harness: Harness }) => unknown,
  options: Partial<BundleControllerOptions> = {},
  start?: () => Promise<AgentAccess>,
): void {
  let access: AgentAccess;
  let harness: Harness | undefined;
  afterAll(() => harness?.stop());
  useAccess((started) => (access = started), start);
  beforeAll(async () => {
    harness = await new Harness(access, options).start();
    assign({ access, harness });
  });
}

/** A new OSID that no other spec uses. */
export const newOsid = (type = 'valkey'): Bundle['osid'] =>
  Osid.print(TypeName.parse(type) as TypeName, InstanceId.mint(systemRandom));

const owner = { aid: 'aaaaa', cid: 'demo', clusterDomain: 'demo.aaaaa.example.com' };

/** The rendered objects of an instance. */
export function objectsOf(osid: string, changes: Record<string, unknown> = {}): KubeObject[] {
  const type = serviceType(osid.slice(0, -6));
  if (type === undefined) throw new Error(`there is no service type for ${osid}`);
  return renderInstance(type, latestRenderer(type), {
    osid,
    ...owner,
    version: type.type === 'valkey' ? '8.1' : '17',
    replicas: 1,
    storage: 'local',
    cpuRequestMc: 0,
    cpuLimitMc: 500,
    memoryRequestMb: 0,
    memoryLimitMb: 512,
    storageMb: 1024,
    storageClasses: {},
    configValues: {},
    secrets: mintSecrets(type, systemRandom),
    ...changes,
  });
}

export function bundleOf(
  osid: Bundle['osid'],
  revision: number,
  objects: KubeObject[],
  policy: Bundle['driftPolicy'] = 'repair',
): Bundle {
  const { objectsGz, digest } = packObjects(objects);
  const kinds = kindRules(osid.slice(0, -6));
  return { osid, generation: revision, revision, digest, driftPolicy: policy, objectsGz, ...kinds };
}

/** The rendered object of a kind. */
export const ofKind = (objects: readonly KubeObject[], kind: string): KubeObject =>
  objects.find((object) => object.kind === kind) as KubeObject;

export const refIn = (osid: string, apiVersion: string, kind: string, name = osid): ObjectRef =>
  kind === 'Namespace' ? { apiVersion, kind, name } : { apiVersion, kind, namespace: osid, name };
