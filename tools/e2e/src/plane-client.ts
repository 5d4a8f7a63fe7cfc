import { builtToolbox, Kubectl, type LiveObject } from '@runos/testing-kube';
import { gunzipSync } from 'node:zlib';
import { ApiClient } from './api-client.js';
import { type PlaneInfo, readPlaneInfo } from './plane-data.js';
import { eventually } from './eventually.js';
import { valueAt } from './value-at.js';
import { recordResponses } from './secrets/response-recorder.js';

export interface Instance {
  readonly osid: string;
  readonly path: string;
  readonly jobId: string;
}

/** Access to one running plane for tests: its API with the owner's token, and its demo cluster. */
export class PlaneClient {
  readonly api: ApiClient;
  readonly kubectl: Kubectl;
  readonly services: string;
  readonly apps: string;

  constructor(
    readonly info: PlaneInfo,
    kubectlBinary: string,
  ) {
    this.api = new ApiClient(info.apiUrl, info.token);
    this.kubectl = new Kubectl(kubectlBinary, info.kubeconfig, 0);
    this.services = `/${info.aid}/${info.cid}/services`;
    this.apps = `/${info.aid}/${info.cid}/apps`;
  }

  static async connect(data: string): Promise<PlaneClient> {
    const toolbox = builtToolbox();
    if (!toolbox) throw new Error('kubectl is not built; run npm test, or npm run kube -- up, once');
    const dev = await readPlaneInfo(data);
    recordResponses(data, dev);
    return new PlaneClient(dev, toolbox.program('kubectl'));
  }

  /** Requests an instance, and does not wait for its job. */
  async request(type: string, fields: Record<string, unknown> = {}): Promise<Instance> {
    const { status, body } = await this.api.post(`${this.services}/${type}`, fields);
    if (status !== 202) throw new Error(`create answered ${status}: ${JSON.stringify(body)}`);
    return {
      osid: String(body['osid']),
      jobId: String(body['jobId']),
      path: `${this.services}/${type}/${String(body['id'])}`,
    };
  }

  /** Requests an instance and waits until its job has completed. */
  async create(type: string, fields: Record<string, unknown> = {}): Promise<Instance> {
    const instance = await this.request(type, fields);
    await this.waitForCompletion(instance.jobId);
    return instance;
  }

  /** Waits for the end of a job. @throws Error when it did not complete */
  async waitForCompletion(jobId: unknown, withinMs?: number): Promise<Record<string, unknown>> {
    const job = await this.api.ended(jobId, withinMs);
    if (job['status'] !== 'completed') throw new Error(`job did not complete: ${JSON.stringify(job)}`);
    return job;
  }

  show = async (instance: Instance): Promise<Record<string, unknown>> => (await this.api.get(instance.path)).body;

  /** The instance once it has these fields: its pods may still be replaced when an event is stored, or a job has ended. */
  showOnce = (instance: Instance, fields: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> =>
    this.api.once(instance.path, fields);

  events = async (instance: Instance): Promise<Record<string, unknown>[]> =>
    (await this.api.get(`${instance.path}/events`)).body['events'] as Record<string, unknown>[];

  /** Waits for an event of an instance that matches. */
  event(instance: Instance, fits: (event: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    return eventually(`an event of ${instance.osid}`, async () => (await this.events(instance)).find(fits));
  }

  /** The desired objects, from the bundle that the agent stores. */
  async bundle(osid: string): Promise<LiveObject[]> {
    const secret = await this.kubectl.get('secret', `bundle-${osid}`, 'runos');
    const data = valueAt(secret, 'data') as Record<string, string>;
    return JSON.parse(gunzipSync(Buffer.from(data['objects'] ?? '', 'base64')).toString('utf8')) as LiveObject[];
  }
}

/** The data folder of the plane that the specs of a run share. */
export const sharedData = (): string => {
  const data = process.env['RUNOS_E2E_DATA'];
  if (data === undefined) throw new Error('RUNOS_E2E_DATA is not set: run these specs with npx nx e2e tool-e2e');
  return data;
};

export const connectToSharedPlane = (): Promise<PlaneClient> => PlaneClient.connect(sharedData());
