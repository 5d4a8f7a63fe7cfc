import { randomBytes } from 'node:crypto';
import { serviceType, serviceTypes } from '@runos/service-types';
import { ApiClient, eventually, recordSecret } from '@runos/tool-e2e';
import type { Target } from './target.js';

type ServiceType = (typeof serviceTypes)[number];

/**
 * Requests a secret of each kind that clients receive: a log-in, an API key, a registration token, the credentials of
 * each service type. Sends those of an app. The requests for the first three are repeated with their Idempotency-Key.
 */
export async function issueSecrets(target: Target): Promise<void> {
  const api = new ApiClient(target.apiUrl, target.token);
  const account = `/${target.aid}`;
  const again = { headers: { 'idempotency-key': 'issued-once' } };
  const token = async (path: string, body: unknown): Promise<void> => {
    const { status, body: answer } = await api.post(path, body, again);
    await api.post(path, body, again);
    if (typeof answer['token'] !== 'string') throw new Error(`${path} answered ${status} without a token`);
  };
  await token('/auth/login', { email: target.email, password: target.password });
  await token(`${account}/api-keys`, { name: 'hostile', role: 'admin' });
  await token(`${account}/clusters/${target.cid}/registration-tokens`, { purpose: 'node' });
  const services = new SecretServices(api, `${account}/${target.cid}/services`);
  for (const type of serviceTypes) await services.idOf(type);
  await sendSecretsOfApp(api, target);
}

/** Sends secret variables and a secret file to an app, plans and compares them, and reads them back. */
async function sendSecretsOfApp(api: ApiClient, { aid, cid, data }: Target): Promise<void> {
  const secret = (name: string): string => {
    const value = randomBytes(32).toString('base64url');
    recordSecret(data, { name: `${name} of an app`, value });
    return value;
  };
  const apps = `/${aid}/${cid}/apps`;
  const { body: app } = await api.post(apps, { name: 'secret-app', image: 'docker.io/library/shop:1' });
  const path = `${apps}/${String(app['id'])}`;
  await api.ended(app['jobId']);
  const content = (value: string) => Buffer.from(value).toString('base64');
  for (const [variable, file] of [
    ['first variable', 'first file'],
    ['second variable', 'second file'],
  ] as const) {
    const { body } = await api.post(`${path}/secrets`, {
      secretEnvVars: { TOKEN: secret(variable) },
      add: [{ filename: 'key.pem', mountPath: '/etc/app/key.pem', content: content(secret(file)) }],
    });
    await api.ended(body['jobId']);
  }
  const refused = await api.post(`${path}/secret-env-vars`, { envVars: { 'NO NAME': secret('refused variable') } });
  const reads = ['secret-env-vars', 'secret-files', 'revisions/1/diff?to=3', 'events', 'status'];
  const statuses = await Promise.all(reads.map(async (each) => (await api.get(`${path}/${each}`)).status));
  const { status } = await api.post(`${path}/plan`, { image: 'docker.io/library/shop:2' });
  const expected = [400, ...reads.map(() => 200), 200];
  const seen = [refused.status, ...statuses, status];
  if (String(seen) !== String(expected)) throw new Error(`the secrets of an app were answered ${String(seen)}`);
}

/** One instance of each type, whose credentials were read. */
class SecretServices {
  readonly #ids = new Map<string, string>();

  constructor(
    private readonly api: ApiClient,
    private readonly services: string,
  ) {}

  /** Creates it with the instances that it needs, unless it exists. */
  async idOf({ type, requires, credentials }: ServiceType): Promise<string> {
    const known = this.#ids.get(type);
    if (known !== undefined) return known;
    const needed: Record<string, { id: string }> = {};
    for (const each of requires.filter(({ optional }) => !optional)) {
      needed[each.alias] = { id: await this.idOf(serviceType(each.type)) };
    }
    const fields = { name: `secret-${type}`, ...(Object.keys(needed).length === 0 ? {} : { requires: needed }) };
    const { body } = await this.api.post(`${this.services}/${type}`, fields);
    const id = String(body['id']);
    this.#ids.set(type, id);
    await eventually(`credentials of ${type}`, async () => {
      const answer = await this.api.get(`${this.services}/${type}/${id}/credentials`);
      return answer.status === 200 && credentials.schema.safeParse(answer.body).success;
    });
    await this.api.ended(body['jobId']);
    return id;
  }
}
