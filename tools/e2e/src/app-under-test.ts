import { testWebImage, testWebPort, type TestWebVariables } from '@runos/testing-images';
import { eventually } from './eventually.js';
import type { PlaneClient } from './plane-client.js';
import { importImage } from './run-ctr.js';
import { valueAt } from './value-at.js';

/** Pods of real nodes need longer than simulated ones: images are unpacked, and databases initialized. */
export const jobTimeoutMs = 240_000;

/** Gives the image of a small web server to the nodes; returns its reference. */
export async function provideTestWeb({ info }: PlaneClient): Promise<string> {
  const { reference, archive } = await testWebImage();
  await importImage(info, archive);
  return reference;
}

type Fields = Readonly<Record<string, unknown>>;

/** An app of the image that `provideTestWeb` gives to the nodes. */
export class AppUnderTest {
  private constructor(
    readonly plane: PlaneClient,
    readonly osid: string,
    readonly path: string,
  ) {}

  /** Creates an app that serves, and waits until its job has completed. */
  static async create(plane: PlaneClient, image: string, fields: Fields = {}): Promise<AppUnderTest> {
    const apps = `/${plane.info.aid}/${plane.info.cid}/apps`;
    const ports = [{ port: testWebPort }];
    const { status, body } = await plane.api.post(apps, { image, servicePortMappings: ports, ...fields });
    if (status !== 202) throw new Error(`create answered ${status}: ${JSON.stringify(body)}`);
    await plane.waitForCompletion(body['jobId'], jobTimeoutMs);
    return new AppUnderTest(plane, String(body['osid']), `${apps}/${String(body['id'])}`);
  }

  /** Changes fields that the update names; returns the job. */
  update = (fields: Fields): Promise<string> => this.#write('PATCH', '?merge=true', fields);

  /** Replaces the variables; returns the job. */
  setVariables = (envVars: TestWebVariables & Readonly<Record<string, string>>): Promise<string> =>
    this.#write('POST', '/env-vars', { envVars, allowDrop: true });

  /** Adds or replaces a secret file; returns the job. */
  addFile(mountPath: string, content: string): Promise<string> {
    const filename = mountPath.replace(/^.*\//, '');
    const file = { filename, mountPath, content: Buffer.from(content).toString('base64') };
    return this.#write('POST', '/secret-files', { add: [file] });
  }

  rollBack = (revision: number): Promise<string> => this.#write('POST', '/rollback', { revision });

  completed = (jobId: string): Promise<Fields> => this.plane.waitForCompletion(jobId, jobTimeoutMs);

  async delete(): Promise<void> {
    await this.completed(await this.#write('DELETE', ''));
  }

  async #write(method: string, path: string, fields?: Fields): Promise<string> {
    const { status, body } = await this.plane.api.send(method, this.path + path, fields);
    if (status !== 202) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`);
    return String(body['jobId']);
  }

  /** The names of its pods that are not ending. */
  async pods(): Promise<string[]> {
    const list = JSON.parse(await this.#kubectl('get', 'pods', '-o', 'json')) as { readonly items: readonly unknown[] };
    const live = list.items.filter((pod) => valueAt(pod, 'metadata', 'deletionTimestamp') === undefined);
    return live.map((pod) => String(valueAt(pod, 'metadata', 'name'))).sort();
  }

  /** The address of its Service, which this machine has a route to. */
  async url(): Promise<string> {
    const service = await this.plane.kubectl.get('service', this.osid, this.osid);
    return `http://${String(valueAt(service, 'spec', 'clusterIP'))}:${testWebPort}`;
  }

  /** The answer of its Service to this machine. */
  async get(path: string): Promise<string> {
    const response = await fetch((await this.url()) + path, { signal: AbortSignal.timeout(5_000) });
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return response.text();
  }

  /** The answer once it is as expected: nodes route to new pods some time after these are ready. */
  answers = (path: string, expected: string): Promise<string> =>
    eventually(`${this.osid} to answer ${path} with ${expected}`, async () => {
      const answer = await this.get(path);
      if (answer !== expected) throw new Error(`it answered ${answer}`);
      return answer;
    });

  /** Runs a program in one of its pods. */
  exec = (pod: string, ...command: string[]): Promise<string> => this.#kubectl('exec', pod, '--', ...command);

  readonly #kubectl = (...args: string[]): Promise<string> => this.plane.kubectl.run(['-n', this.osid, ...args]);
}
