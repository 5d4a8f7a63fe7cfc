import type { KubeClient } from '@runos/kube-client';
import { type KubeObject, mapAt, textOf } from '@runos/kube-objects';
import { refIn } from './harness.js';

const restart = 'kubectl.kubernetes.io/restartedAt';

/**
 * What CloudNativePG does with the pod of a Cluster of one instance, step by step. It copies the time of the restart into
 * the pod, and the spec that it has made. No kubelet runs the pod.
 */
export class DatabaseOperator {
  constructor(
    private readonly admin: KubeClient,
    private readonly osid: string,
  ) {}

  async createPod(): Promise<void> {
    const cluster = await this.admin.get(refIn(this.osid, 'postgresql.cnpg.io/v1', 'Cluster'));
    if (cluster === undefined) throw new Error(`Cluster ${this.osid} does not exist`);
    await this.admin.create(this.#pod(cluster));
  }

  /** The probe of the pod succeeds. */
  async recordReady(): Promise<void> {
    const pod = refIn(this.osid, 'v1', 'Pod', `${this.osid}-1`);
    await this.admin.transport.send({
      method: 'PATCH',
      path: `${await this.admin.mapper.path(pod)}/status`,
      body: { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } },
      contentType: 'application/merge-patch+json',
    });
  }

  async deletePod(): Promise<void> {
    await this.admin.delete(refIn(this.osid, 'v1', 'Pod', `${this.osid}-1`));
  }

  #pod({ apiVersion, kind, metadata, spec }: KubeObject): KubeObject {
    const { imageName, resources, inheritedMetadata } = mapAt({ spec }, 'spec');
    const container = {
      name: 'postgres',
      image: textOf(imageName),
      resources,
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    };
    const podSpec = {
      schedulerName: 'none',
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [container],
    };
    const restartedAt = metadata.annotations?.[restart];
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${this.osid}-1`,
        namespace: this.osid,
        labels: mapAt({ inheritedMetadata }, 'inheritedMetadata', 'labels') as Record<string, string>,
        annotations: {
          'cnpg.io/podSpec': JSON.stringify(podSpec),
          ...(restartedAt === undefined ? {} : { [restart]: restartedAt }),
        },
        ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '', controller: true }],
      },
      spec: podSpec,
    };
  }
}
