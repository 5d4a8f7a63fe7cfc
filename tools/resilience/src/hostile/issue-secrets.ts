import { serviceType, serviceTypes } from '@runos/service-types';
import { ApiClient, eventually } from '@runos/tool-e2e';
import type { Target } from './target.js';

type ServiceType = (typeof serviceTypes)[number];

/**
 * Requests a secret of each kind that clients receive: a log-in, an API key, a registration token, the credentials of
 * each service type. The requests for the first three are repeated with their Idempotency-Key.
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
    await eventually(`credentials of ${type}`, 60_000, async () => {
      const answer = await this.api.get(`${this.services}/${type}/${id}/credentials`);
      return answer.status === 200 && credentials.schema.safeParse(answer.body).success;
    });
    await this.api.ended(body['jobId']);
    return id;
  }
}
