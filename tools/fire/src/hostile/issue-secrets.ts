import { ApiClient, eventually } from '@runos/tool-e2e';
import type { Secret } from './secrets.js';
import { kept, type Target } from './target.js';

/** Every secret that the plane was made with. */
function ofThePlane(target: Target): Secret[] {
  const { passwords, keyrings } = kept<Record<'passwords' | 'keyrings', Record<string, string>>>(
    target.data,
    'secrets.json',
  );
  const named = (kind: string, values: Readonly<Record<string, string>>): Secret[] =>
    Object.entries(values).map(([name, value]) => ({
      name: `${kind} of ${name}`,
      value: value.replace(/^first:/, ''),
    }));
  return [
    ...[...named('password', passwords), ...named('key', keyrings)],
    { name: 'password of the owner', value: target.password },
    { name: 'token of the owner', value: target.token },
  ];
}

/**
 * Has the plane issue a secret of each kind that clients are given (a log-in, an API key, a registration token, the
 * credentials of two services), in the ways they are asked for, also with a repeated key; returns them with its own.
 */
export async function issueSecrets(target: Target): Promise<Secret[]> {
  const api = new ApiClient(target.apiUrl, target.token);
  const account = `/${target.aid}`;
  const again = { headers: { 'idempotency-key': 'issued-once' } };
  const tokenOf = async (name: string, path: string, body: unknown): Promise<Secret> => {
    const { status, body: answer } = await api.post(path, body, again);
    await api.post(path, body, again);
    if (typeof answer['token'] !== 'string') throw new Error(`${path} answered ${status} without a token`);
    return { name, value: answer['token'] };
  };
  const issued = [
    await tokenOf('log-in', '/auth/login', { email: target.email, password: target.password }),
    await tokenOf('API key', `${account}/api-keys`, { name: 'fire', role: 'admin' }),
    await tokenOf('registration', `${account}/clusters/${target.cid}/registration-tokens`, { purpose: 'node' }),
  ];
  for (const type of ['valkey', 'postgresql']) {
    const { body } = await api.post(`${account}/${target.cid}/services/${type}`, { name: `secret-${type}` });
    const path = `${account}/${target.cid}/services/${type}/${String(body['id'])}/credentials`;
    const password = await eventually(`credentials of ${type}`, 60_000, async () => {
      const answer = await api.get(path);
      return answer.status === 200 && String(answer.body['password']);
    });
    issued.push({ name: `password of ${type}`, value: password });
    await api.ended(body['jobId']);
  }
  return [...ofThePlane(target), ...issued];
}
