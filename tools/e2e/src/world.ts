import { builtToolbox } from '@runos/testing-kube';
import { gunzipSync } from 'node:zlib';
import { ApiClient } from './api-client.js';
import { type Dev, devOf } from './dev.js';
import { eventually } from './eventually.js';
import { at, Kubectl, type LiveObject } from './kubectl.js';
import { openBook } from './secrets/answer-book.js';

export interface Instance {
  readonly osid: string;
  readonly path: string;
  readonly jobId: string;
}

/** Everything a test touches of one running plane: its API with the owner's token, and its demo cluster. */
export class World {
  readonly api: ApiClient;
  readonly kubectl: Kubectl;
  readonly services: string;

  constructor(
    readonly dev: Dev,
    kubectlBinary: string,
  ) {
    this.api = new ApiClient(dev.apiUrl, dev.token);
    this.kubectl = new Kubectl(kubectlBinary, dev.kubeconfig);
    this.services = `/${dev.aid}/${dev.cid}/services`;
  }

  static async of(data: string): Promise<World> {
    const toolbox = builtToolbox();
    if (!toolbox) throw new Error('kubectl is not built; run npm test, or npm run kube -- up, once');
    const dev = await devOf(data);
    openBook(data, dev);
    return new World(dev, toolbox.program('kubectl'));
  }

  /** Asks for an instance; the job is not awaited. */
  async ask(type: string, fields: Record<string, unknown> = {}): Promise<Instance> {
    const { status, body } = await this.api.post(`${this.services}/${type}`, fields);
    if (status !== 202) throw new Error(`create answered ${status}: ${JSON.stringify(body)}`);
    return {
      osid: String(body['osid']),
      jobId: String(body['jobId']),
      path: `${this.services}/${type}/${String(body['id'])}`,
    };
  }

  /** Asks for an instance and waits until its job has completed. */
  async create(type: string, fields: Record<string, unknown> = {}): Promise<Instance> {
    const instance = await this.ask(type, fields);
    await this.completed(instance.jobId);
    return instance;
  }

  /** Waits for a job and insists that it completed. */
  async completed(jobId: unknown, withinMs?: number): Promise<Record<string, unknown>> {
    const job = await this.api.ended(jobId, withinMs);
    if (job['status'] !== 'completed') throw new Error(`job ended otherwise: ${JSON.stringify(job)}`);
    return job;
  }

  show = async (instance: Instance): Promise<Record<string, unknown>> => (await this.api.get(instance.path)).body;

  events = async (instance: Instance): Promise<Record<string, unknown>[]> =>
    (await this.api.get(`${instance.path}/events`)).body['events'] as Record<string, unknown>[];

  /** The first event of an instance that fits, once there is one. */
  event(instance: Instance, fits: (event: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    return eventually(`an event of ${instance.osid}`, 30_000, async () => (await this.events(instance)).find(fits));
  }

  /** The objects as the agent was told to apply them, from the bundle it keeps. */
  async bundle(osid: string): Promise<LiveObject[]> {
    const secret = await this.kubectl.get('secret', `bundle-${osid}`, 'runos');
    const data = at(secret, 'data') as Record<string, string>;
    return JSON.parse(gunzipSync(Buffer.from(data['objects'] ?? '', 'base64')).toString('utf8')) as LiveObject[];
  }
}

/** Where the plane that every spec of a run shares keeps its data. */
export const sharedData = (): string => {
  const data = process.env['RUNOS_E2E_DATA'];
  if (data === undefined) throw new Error('RUNOS_E2E_DATA is not set: run these specs with npx nx e2e tool-e2e');
  return data;
};

export const sharedWorld = (): Promise<World> => World.of(sharedData());
