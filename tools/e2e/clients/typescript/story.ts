import createClient from 'openapi-fetch';
import type { paths } from './schema.ts';

/**
 * The story of a person with a client that `openapi-typescript` generated of `/openapi.json`: a database with a config
 * set, and an app that requires it. Prints what it has made.
 */
const { RUNOS_API_URL: baseUrl = '', RUNOS_API_KEY: key = '', RUNOS_CLUSTER_ID: cid = '' } = process.env;

/** Repeats a request that a busy plane delays, each time with the same idempotency key. */
async function withRetries(request: Request): Promise<Response> {
  request.headers.set('idempotency-key', crypto.randomUUID());
  for (;;) {
    const response = await fetch(request.clone());
    if (response.status !== 503) return response;
    await new Promise((resolve) => setTimeout(resolve, 1_000 * Number(response.headers.get('retry-after') ?? 1)));
  }
}

const api = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${key}` }, fetch: withRetries });

/** The answer of a successful request. @throws Error with the code and the text of a refusal */
function answerOf<T>({ data, error }: { data?: T; error?: { code: string; error: string } }): T {
  if (data === undefined) throw new Error(`${error?.code}: ${error?.error}`);
  return data;
}

async function completed(id: string): Promise<void> {
  for (;;) {
    const { status, error } = answerOf(await api.GET('/jobs/{id}', { params: { path: { id } } }));
    if (status === 'completed') return;
    if (status === 'failed' || status === 'cancelled') throw new Error(`job ${id}: ${error}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const { accounts } = answerOf(await api.GET('/user/accounts'));
const aid = accounts[0]?.aid ?? '';
const { clusters } = answerOf(await api.GET('/{aid}/clusters', { params: { path: { aid } } }));
if (!clusters.some((cluster) => cluster.cid === cid)) throw new Error(`cluster ${cid} is not listed`);

const set = answerOf(
  await api.POST('/{aid}/config-sets', {
    params: { path: { aid } },
    body: { name: 'generated', type: 'postgresql', values: { max_connections: '120' } },
  }),
);
const cluster = { path: { aid, cid } };
const database = answerOf(
  await api.POST('/{aid}/{cid}/services/postgresql', {
    params: cluster,
    body: { name: 'generated-orders', configSetId: set.setId },
  }),
);
await completed(database.jobId);

const app = answerOf(
  await api.POST('/{aid}/{cid}/apps', {
    params: cluster,
    body: {
      name: 'generated-shop',
      image: 'ghcr.io/acme/shop:1.4',
      servicePortMappings: [{ port: 8080 }],
      requires: { db: { type: 'postgresql', id: database.id, env: { url: 'DATABASE_URL' } } },
    },
  }),
);
await completed(app.jobId);

const one = { params: { path: { aid, cid, id: app.id } } };
const updated = answerOf(await api.PATCH('/{aid}/{cid}/apps/{id}', { ...one, body: { replicas: 2 } }));
if ('jobId' in updated) await completed(updated.jobId);
const { replicas, resourceRequirementClassId } = answerOf(await api.GET('/{aid}/{cid}/apps/{id}', one));
const refused = await api.PATCH('/{aid}/{cid}/apps/{id}', { ...one, body: { replicas: 21 } });
const refusal = { status: refused.response.status, code: refused.error?.code };
process.stdout.write(
  JSON.stringify({ app: app.osid, database: database.osid, replicas, resourceRequirementClassId, refusal }),
);
