import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type PlaneClient, runCtr, valueAt } from '@runos/tool-e2e';

const run = promisify(execFile);

/** What one namespace has in the cluster: names that its containers and files on the nodes carry. */
export class NodeTraces {
  private constructor(
    private readonly data: string,
    private readonly plane: PlaneClient,
    private readonly namespace: string,
    private readonly uids: readonly string[],
    /** The names of its volumes, which do not contain the name of the namespace. */
    readonly volumes: readonly string[],
  ) {}

  /** Looks up the pods and the volumes of a namespace. `data` is the folder of the plane. */
  static async of(data: string, plane: PlaneClient, namespace: string): Promise<NodeTraces> {
    const pods = JSON.parse(await plane.kubectl.run(['get', 'pods', '-n', namespace, '-o', 'json'])) as List;
    const claims = JSON.parse(await plane.kubectl.run(['get', 'pvc', '-n', namespace, '-o', 'json'])) as List;
    const uids = pods.items.map((pod) => String(valueAt(pod, 'metadata', 'uid')));
    const volumes = claims.items.map((claim) => String(valueAt(claim, 'spec', 'volumeName')));
    return new NodeTraces(data, plane, namespace, uids, volumes);
  }

  /** Its containers, the folders of its pods, its volumes and their loop devices, on all nodes. */
  async find(): Promise<string[]> {
    const names = [...this.uids, ...this.volumes].flatMap((name) => ['-o', '-name', `*${name}*`]).slice(1);
    const files = await run('find', [join(this.data, 'kube/nodes'), '-maxdepth', '4', '(', ...names, ')']);
    const loops = await run('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE']);
    const used = loops.stdout.split('\n').filter((file) => this.volumes.some((volume) => file.includes(volume)));
    return [...(await this.#containers()), ...files.stdout.split('\n').filter((file) => file !== ''), ...used];
  }

  async #containers(): Promise<string[]> {
    const filter = `labels."io.kubernetes.pod.namespace"==${this.namespace}`;
    const lists = await runCtr(this.plane.info, ['containers', 'list', '-q', filter]);
    return lists.flatMap((list) => list.split('\n').filter((id) => id !== ''));
  }
}

interface List {
  readonly items: readonly unknown[];
}
