import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { ApiClient } from './api-client.js';
import { eventually } from './eventually.js';
import { type Instance, connectToSharedPlane, type PlaneClient } from './plane-client.js';

const accountCommand = resolve(import.meta.dirname, '../../start/dist/account.js');

/** The gateway may keep a token for longer, so that only the event of its revocation takes it out within this time. */
const inCacheMs = 20_000;

describe('authorization', () => {
  let planeClient: PlaneClient;
  let instance: Instance;
  let otherOwner: { aid: string; email: string; password: string; token: string };
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
    instance = await planeClient.create('valkey', { name: 'guarded' });
    const data = String(process.env['RUNOS_E2E_DATA']);
    const args = [accountCommand, 'add', `other-${Date.now()}@example.com`, '--data', data];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    otherOwner = JSON.parse(stdout) as typeof otherOwner;
  });

  const keys = () => `/${planeClient.info.aid}/api-keys`;
  const newKey = async (role: string) => {
    const { status, body } = await planeClient.api.post(keys(), { name: `e2e ${role}`, role });
    expect(status).toBe(201);
    return { id: String(body['id']), api: new ApiClient(planeClient.info.apiUrl, String(body['token'])) };
  };

  it('logs in with e-mail and password and out again', async () => {
    const anyone = new ApiClient(planeClient.info.apiUrl, undefined);
    const { email, password } = planeClient.info;
    const wrong = await anyone.post('/auth/login', { email, password: `${password}x` });
    expect([wrong.status, wrong.body['code']]).toEqual([401, 'auth.invalid']);
    const { body } = await anyone.post('/auth/login', { email, password });
    const session = new ApiClient(planeClient.info.apiUrl, String(body['token']));
    expect((await session.get(instance.path)).status).toBe(200);
    expect((await session.get('/user/accounts')).body['accounts']).toEqual([
      expect.objectContaining({ aid: planeClient.info.aid, accountRole: 'owner' }),
    ]);
    await session.post('/auth/logout');
    expect((await session.get(instance.path)).status).toBe(401);
  });

  it('allows a viewer to read only', async () => {
    const { api } = await newKey('viewer');
    expect((await api.get(instance.path)).status).toBe(200);
    const refused = await Promise.all([
      api.post(`${planeClient.services}/valkey`, { name: 'nope' }),
      api.patch(instance.path, { cpuLimitMc: 600 }),
      api.delete(instance.path),
      api.get(`${instance.path}/credentials`),
      api.post(keys(), { name: 'nope' }),
      api.post(`/jobs/${instance.jobId}/cancel`),
    ]);
    expect(refused.map(({ status, body }) => [status, body['code']])).toEqual(
      refused.map(() => [403, 'auth.forbidden']),
    );
  });

  it('does not allow a member to create tokens', async () => {
    const { api } = await newKey('member');
    expect((await api.get(`${instance.path}/credentials`)).status).toBe(200);
    expect((await api.post(keys(), { name: 'nope' })).status).toBe(403);
  });

  it('rejects a revoked token before the end of its time in the cache, with the reason', async () => {
    const { id, api } = await newKey('member');
    expect((await api.get(instance.path)).status).toBe(200);
    const revoked = await planeClient.api.post(`${keys()}/${id}/revoke`);
    expect(revoked.status).toBe(200);
    const refusal = await eventually(
      'the token to be refused',
      async () => {
        const answer = await api.get(instance.path);
        return answer.status === 401 && answer;
      },
      inCacheMs,
    );
    expect(refusal.body).toMatchObject({ error: 'Invalid token', code: 'auth.invalid', reason: 'revoked' });
  });

  it('rejects missing and invalid tokens with the same message', async () => {
    for (const token of [
      undefined,
      'garbage',
      `runos_pat_aaaaaaaaaaaa.${'A'.repeat(43)}`,
      'runos_pat_.',
      'x'.repeat(9000),
    ]) {
      const { status, body } = await new ApiClient(planeClient.info.apiUrl, token).get(instance.path);
      expect([status, body['error'], body['code'], body['reason']]).toEqual([
        401,
        'Invalid token',
        'auth.invalid',
        undefined,
      ]);
    }
  });

  it('answers for another account like for an unknown one', async () => {
    const api = new ApiClient(planeClient.info.apiUrl, otherOwner.token);
    const without = ({ traceId: _, ...body }: Record<string, unknown>, ...ids: string[]) =>
      ids.reduce((text, id) => text.replaceAll(id, '…'), JSON.stringify(body));
    const foreign = await api.get(instance.path);
    const missing = await api.get(instance.path.replace(planeClient.info.aid, 'zzzz0'));
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    expect(without(foreign.body, planeClient.info.aid)).toBe(without(missing.body, 'zzzz0'));

    const id = '01890000-0000-7000-8000-000000000000';
    const job = await api.get(`/jobs/${instance.jobId}`);
    const noJob = await api.get(`/jobs/${id}`);
    expect([job.status, noJob.status]).toEqual([404, 404]);
    expect(without(job.body, instance.jobId)).toBe(without(noJob.body, id));

    const own = await api.get(instance.path.replace(planeClient.info.aid, otherOwner.aid));
    expect([own.status, own.body['code']]).toEqual([404, 'cluster.not_found']);
  });

  afterAll(async () => {
    await planeClient.showOnce(instance, { status: 'healthy' });
  });
});
