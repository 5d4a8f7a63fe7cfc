import { KubeClient, type ClusterAccess, readKubeconfig } from '@runos/kube-client';
import type { KubeObject } from '@runos/kube-objects';
import { eventually } from '@runos/tool-e2e';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import type { KubeAttempt } from './kube-attempts/attempt.js';
import { attemptsOn } from './kube-attempts/attempts.js';
import { addonNamespace, clusterOf, podOfHost, statefulSetOf, victim, victimObjects } from './kube-attempts/objects.js';
import type { Target } from './target.js';

export interface StolenTokenFindings {
  readonly tried: number;
  /** Attempts that were not refused with 403. */
  readonly wrong: readonly string[];
  /** The statuses of what the agent needs: they show that the token is valid. */
  readonly own: readonly number[];
  /** The refusal of the pods of a StatefulSet that requests the node. */
  readonly podRefusal: string;
  /** Secrets that the token reads, outside of `runos` and of the namespaces of instances. */
  readonly foreignSecrets: readonly string[];
}

/** Uses the token of the cluster agent's ServiceAccount of a running plane directly at the API server. */
export async function useStolenAgentToken(target: Target): Promise<StolenTokenFindings> {
  const admin = new KubeClient(await readKubeconfig(target.kubeconfig));
  const thief = new Thief(await readKubeconfig(join(target.data, 'cluster-agent', 'kubeconfig')));
  try {
    for (const object of victimObjects) await admin.apply(object);
    const osid = await eventually('an instance in the cluster', async () => {
      const labelSelector = 'runos.com/osid';
      const namespaces = await admin.list({ apiVersion: 'v1', kind: 'Namespace', labelSelector });
      return namespaces[0]?.metadata.name;
    });
    const attempts = attemptsOn(osid);
    const wrong: string[] = [];
    for (const attempt of attempts) {
      const { status, text } = await thief.send(attempt);
      if (status !== 403) wrong.push(`${attempt.method} ${attempt.path}: ${status} ${text.slice(0, 200)}`);
    }
    const own = [
      { method: 'POST', path: `/apis/apps/v1/namespaces/${osid}/statefulsets`, body: statefulSetOf(osid, {}) },
      { method: 'POST', path: `/apis/postgresql.cnpg.io/v1/namespaces/${osid}/clusters`, body: clusterOf(osid) },
      { method: 'GET', path: `/api/v1/namespaces/runos/secrets/cluster-agent-tls` },
    ] as const;
    const statuses: number[] = [];
    for (const attempt of own) statuses.push((await thief.send(attempt)).status);
    return {
      tried: attempts.length,
      wrong,
      own: statuses,
      podRefusal: await refusalOf(admin.create(podOfHost(osid), { dryRun: true })),
      foreignSecrets: await foreignSecrets(admin, thief),
    };
  } finally {
    for (const name of [victim, addonNamespace]) await admin.delete({ apiVersion: 'v1', kind: 'Namespace', name });
    await Promise.all([admin.close(), thief.close()]);
  }
}

/** A client that sends any request with a stolen token. Writes are dry runs, which pass the same checks. */
class Thief {
  readonly #dispatcher: Agent;

  constructor(private readonly access: ClusterAccess) {
    this.#dispatcher = new Agent({ connect: { ca: access.ca } });
  }

  async send({ method, path, body, headers, isReal }: KubeAttempt): Promise<{ status: number; text: string }> {
    const url = new URL(`${this.access.server}${path}`);
    if (method !== 'GET' && !isReal) url.searchParams.set('dryRun', 'All');
    const answer = await request(url, {
      method,
      dispatcher: this.#dispatcher,
      headers: {
        authorization: (await this.access.authorization?.()) ?? '',
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
      headersTimeout: 10_000,
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  }

  close = (): Promise<void> => this.#dispatcher.destroy();
}

/** Tries every Secret of the cluster, lists and watches. */
async function foreignSecrets(admin: KubeClient, thief: Thief): Promise<string[]> {
  const namespaces = await admin.list({ apiVersion: 'v1', kind: 'Namespace' });
  const isForeign = ({ metadata: { name, labels } }: KubeObject): boolean =>
    name !== 'runos' && labels?.['runos.com/osid'] !== name;
  const foreign = namespaces.filter(isForeign).map(({ metadata }) => metadata.name);
  const secrets = await admin.list({ apiVersion: 'v1', kind: 'Secret' });
  const paths = [
    '/api/v1/secrets',
    '/api/v1/secrets?watch=1&timeoutSeconds=1',
    ...foreign.map((namespace) => `/api/v1/namespaces/${namespace}/secrets`),
    ...secrets
      .filter(({ metadata }) => foreign.includes(String(metadata.namespace)))
      .map(({ metadata: { namespace, name } }) => `/api/v1/namespaces/${namespace}/secrets/${name}`),
  ];
  const read: string[] = [];
  for (const path of paths) if ((await thief.send({ method: 'GET', path })).status !== 403) read.push(path);
  return read;
}

const refusalOf = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'accepted',
    (error: Error) => error.message,
  );
