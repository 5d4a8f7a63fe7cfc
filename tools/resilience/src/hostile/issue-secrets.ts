import { ApiClient, eventually } from '@runos/tool-e2e';
import type { Target } from './target.js';

/**
 * Requests a secret of each kind that clients receive: a log-in, an API key, a registration token, the credentials of
 * two services. The requests for the first three are repeated with their Idempotency-Key.
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
  for (const type of ['valkey', 'postgresql']) {
    const { body } = await api.post(`${account}/${target.cid}/services/${type}`, { name: `secret-${type}` });
    const path = `${account}/${target.cid}/services/${type}/${String(body['id'])}/credentials`;
    await eventually(`credentials of ${type}`, 60_000, async () => {
      const answer = await api.get(path);
      return answer.status === 200 && typeof answer.body['password'] === 'string';
    });
    await api.ended(body['jobId']);
  }
}
