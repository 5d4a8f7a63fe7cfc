import { describe } from '@jest/globals';
import { onRealNodes } from '@runos/testing-kube';
import { eventually, type Instance, jobTimeoutMs, PlaneClient, valueAt } from '@runos/tool-e2e';
import { controlPlane, DataFolder, probeDemoNodes } from '@runos/tool-start';

/** `describe` for specs on the real nodes of a demo cluster. */
export const onDemoNodes = onRealNodes(describe, await probeDemoNodes());

/** The data folder of the plane of this run. */
export function sharedData(): string {
  const data = process.env['RUNOS_E2E_DATA'];
  if (data === undefined) throw new Error('RUNOS_E2E_DATA is not set: run these specs with npx nx e2e tool-real-nodes');
  return data;
}

/** The plane of this run. */
export const connectToRealPlane = (): Promise<PlaneClient> => PlaneClient.connect(sharedData());

/** How long pods may need to answer once `cutPower` has switched on their nodes. */
export const answersAfterPowerCutMs = 60_000;

/** Ends the nodes at once, as a power cut does, and switches them on again. */
export async function cutPower(nodes: readonly string[]): Promise<void> {
  const folder = new DataFolder(sharedData());
  for (const node of new Set(nodes)) {
    await controlPlane(folder, 'stop', node);
    await controlPlane(folder, 'start', node);
  }
}

/** Kills the pod of the cluster agent; its Deployment starts another one. */
export function killAgent({ kubectl }: PlaneClient): Promise<string> {
  const agent = ['-n', 'runos', '-l', 'app.kubernetes.io/name=cluster-agent'];
  return kubectl.run(['delete', 'pod', ...agent, '--grace-period=0', '--force']);
}

/** One instance with its own client programs, which run in its pods with the credentials that the API answers. */
export class ServiceUnderTest {
  private constructor(
    readonly plane: PlaneClient,
    readonly instance: Instance,
  ) {}

  static async create(
    plane: PlaneClient,
    type: string,
    fields: Record<string, unknown> = {},
  ): Promise<ServiceUnderTest> {
    const instance = await plane.request(type, { name: `real-${type}`, ...fields });
    await plane.waitForCompletion(instance.jobId, jobTimeoutMs);
    return new ServiceUnderTest(plane, instance);
  }

  /** The first answer. Nodes route to a service some time after its pods are ready. */
  firstAnswer = (request: () => Promise<string>): Promise<string> => eventually(`${this.namespace} to answer`, request);

  get namespace(): string {
    return this.instance.osid;
  }

  async credentials(): Promise<Record<string, unknown>> {
    return (await this.plane.api.get(`${this.instance.path}/credentials`)).body;
  }

  /** Changes the instance, and waits for its job. */
  async change(fields: Record<string, unknown>): Promise<void> {
    await this.#patch(this.instance.path, fields);
  }

  /** Changes settings of the instance, and waits for its job. */
  async set(values: Record<string, string>): Promise<void> {
    const { body } = await this.plane.api.post(`${this.instance.path}/set-advanced-configs`, values);
    await this.plane.waitForCompletion(body['jobId'], jobTimeoutMs);
  }

  /** Restarts the instance, and waits for its job. */
  async restart(): Promise<void> {
    await this.#patch(`${this.instance.path}/restart`);
  }

  async #patch(path: string, fields?: Record<string, unknown>): Promise<void> {
    const { body } = await this.plane.api.patch(path, fields);
    await this.plane.waitForCompletion(body['jobId'], jobTimeoutMs);
  }

  /** Deletes the instance, and waits for its job. */
  async delete(): Promise<void> {
    const { body } = await this.plane.api.delete(this.instance.path);
    await this.plane.waitForCompletion(body['jobId'], jobTimeoutMs);
  }

  /** Runs a program in the pod of the first member, or another one. */
  exec = (command: readonly string[], pod: string): Promise<string> =>
    this.plane.kubectl.run(['exec', pod, '-n', this.namespace, '--', ...command]);

  /** Runs a statement by psql, with the answered URL. Without a timeout it would wait for an address that is gone. */
  async psql(statement: string, pod = `${this.namespace}-1`): Promise<string> {
    const { url } = await this.credentials();
    const psql = ['env', 'PGCONNECT_TIMEOUT=2', 'psql', String(url), '-qAt', '-v', 'ON_ERROR_STOP=1', '-c', statement];
    return (await this.exec(psql, pod)).trim();
  }

  /** Runs a command by valkey-cli, with the answered URL. */
  async valkey(...command: string[]): Promise<string> {
    const { url } = await this.credentials();
    return (
      await this.exec(['valkey-cli', '-u', String(url), '--no-auth-warning', ...command], `${this.namespace}-0`)
    ).trim();
  }

  /** Fills the volume that a pod has in a folder, until the system refuses. */
  fill = (pod: string, folder: string): Promise<string> =>
    this.exec(['sh', '-c', `cat /dev/zero >${folder}/filler; test -s ${folder}/filler`], pod);

  /** Deletes what `fill` wrote, by a pod of its own with the claim and the rights of the service: that may not run. */
  async free(pod: string, claimName: string): Promise<void> {
    const { kubectl } = this.plane;
    const live = await kubectl.get('pod', pod, this.namespace);
    const container = {
      name: 'rescue',
      image: valueAt(live, 'spec', 'containers', 0, 'image'),
      command: ['rm', '/volume/filler'],
      securityContext: valueAt(live, 'spec', 'containers', 0, 'securityContext'),
      volumeMounts: [{ name: 'volume', mountPath: '/volume' }],
    };
    const rescue = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'rescue', namespace: this.namespace },
      spec: {
        restartPolicy: 'Never',
        securityContext: valueAt(live, 'spec', 'securityContext'),
        containers: [container],
        volumes: [{ name: 'volume', persistentVolumeClaim: { claimName } }],
      },
    };
    await kubectl.apply([rescue], 'tester');
    const succeeded = '--for=jsonpath={.status.phase}=Succeeded';
    await kubectl.run(['wait', succeeded, 'pod/rescue', '-n', this.namespace, '--timeout=120s']);
    await kubectl.run(['delete', 'pod', 'rescue', '-n', this.namespace, '--grace-period=0', '--force']);
  }

  /** Waits until the API shows the instance as described, and returns it. */
  shown = (what: string, fits: (shown: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> =>
    eventually(
      `${this.namespace} to be shown as ${what}`,
      async () => {
        const shown = await this.plane.show(this.instance);
        return fits(shown) && shown;
      },
      240_000,
    );

  /** The first pod of a service whose pods a StatefulSet creates. */
  get firstPod(): string {
    return `${this.namespace}-0`;
  }

  async uidOf(pod: string): Promise<unknown> {
    return valueAt(await this.plane.kubectl.get('pod', pod, this.namespace), 'metadata', 'uid');
  }

  /** The name of the node that runs a pod. */
  async nodeOf(pod: string): Promise<string> {
    return String(valueAt(await this.plane.kubectl.get('pod', pod, this.namespace), 'spec', 'nodeName'));
  }

  /** Ends a pod as a node's failure does, without time to stop. */
  deletePod = (pod: string): Promise<string> =>
    this.plane.kubectl.run(['delete', 'pod', pod, '-n', this.namespace, '--grace-period=0', '--force']);
}
