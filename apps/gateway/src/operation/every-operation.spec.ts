import 'reflect-metadata';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { hasBody, type Operation, operations } from '@runos/api';
import { Fault } from '@runos/kernel';
import { type GatewayHarness, pathOf, startHarness } from '../../test/harness.js';
import { aid, principal } from '../../test/sample-replies.js';
import { methodsAt } from '../http/fault.filter.js';
import { GatewayModule } from '../module.js';
import { operationKey } from '../http/gateway-request.js';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness({ cliVersion: '1.4.0' });
});
beforeEach(() => harness.reset());
afterAll(() => harness.stop());

const override = { name: 'grace-period', enabled: true, data: 'c3BlYzoge30K' };

const bodies: Readonly<Record<string, object>> = {
  'session.login': { email: 'owner@example.com', password: 'pw' },
  'apikey.create': { name: 'ci' },
  'configset.create': { name: 'tuned', type: 'postgresql', values: {} },
  'configset.update': { values: { a: 'b' } },
  'cluster.accept': { kubernetesUid: 'uid-2' },
  'cluster.registration-token.create': { purpose: 'node' },
  'node.update': { tags: ['gpu', 'disk:ssd'] },
  'service.create': { autoRollback: true },
  'service.update': { autoRollback: null },
  'app.create': { image: 'ghcr.io/acme/shop:1.4', autoRollback: true },
  'app.env.set': { envVars: { MODE: 'fast' } },
  'app.secret-env.set': { envVars: { TOKEN: 'secret' } },
  'app.override.create': override,
  'app.override.update': override,
  'service.override.create': override,
  'service.override.update': override,
  'service.rollback': { revision: 1 },
  'app.rollback': { revision: 1 },
  'app.accept': { desired: 'plane' },
  'service.accept': { desired: 'plane' },
  'registry.create': { host: 'ghcr.io', username: 'acme', password: 'pw' },
  'registry.update': { password: 'pw' },
  'upgrade.plan': { type: 'valkey' },
  'upgrade.create': { type: 'valkey', maxUnavailable: 2 },
};

/** Queries of operations that need one. */
const queries: Readonly<Record<string, string>> = {
  'account.system-config': '?key=CLI_VERSION',
  'mcp.topics.search': '?keywords=valkey',
};

/** Operations that the gateway answers without another service. */
const ownAnswers = /^((cli|mcp)\..*|account\.(modules|system-config))$/;

/** The stream never ends by itself here; it has its own specs. */
const withoutStream = operations.filter(({ id }) => id !== 'job.stream');

describe.each(withoutStream.map((operation) => [operation.id, operation] as const))('%s', (id, operation) => {
  const { method, output, status, access, versioned = false } = operation;
  const body = hasBody(method) ? JSON.stringify(bodies[operation.plans ?? id] ?? {}) : undefined;
  const send = (init: RequestInit = {}) =>
    harness.send(method, pathOf(operation) + (queries[id] ?? ''), { body, ...init });

  it('reaches its handler and responds as declared', async () => {
    const response = await send();
    expect([response.status, response.body]).toEqual([status, expect.anything()]);
    expect(output.safeParse(response.body).error).toBeUndefined();
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    if (method === 'GET' && versioned) expect(response.headers.get('etag')).toMatch(/^"\d+"$/);
  });

  if (access !== 'public') {
    it('is rejected without a token', async () => {
      const { status, body, headers } = await send({ headers: { authorization: 'Basic x' } });
      expect([status, body['error'], body['code']]).toEqual([401, 'Invalid token', 'auth.invalid']);
      expect(headers.get('www-authenticate')).toContain('Bearer');
      expect(harness.received).toEqual([]);
    });
  }

  if (access !== 'public' && access !== 'signed-in' && access !== 'read') {
    it('is forbidden for a role without its level, before its input is validated', async () => {
      harness.reply('identity.v1.authenticate', () => ({ ...principal, memberships: [{ aid, role: 'viewer' }] }));
      const viewer = `runos_pat_${id
        .replaceAll(/[^a-z]/g, '')
        .padEnd(12, 'v')
        .slice(0, 12)}.${'v'.repeat(43)}`;
      const response = await send({ headers: { authorization: `Bearer ${viewer}` }, ...(body ? { body: '[]' } : {}) });
      expect([response.status, response.body['code']]).toEqual([403, 'auth.forbidden']);
    });
  }

  it('forwards a fault of the service with its details', async () => {
    await send();
    const sent = harness.received.filter((one) => one.subject !== 'identity.v1.authenticate');
    expect(sent.length > 0).toBe(!ownAnswers.test(id));
    if (sent.length === 0) return;
    for (const { subject } of sent) {
      harness.reply(subject, () => {
        throw new Fault('conflict.stale', 'It has moved on.', { generation: 8 });
      });
    }
    const response = await send();
    expect([response.status, response.body]).toEqual([
      412,
      { error: 'It has moved on.', code: 'conflict.stale', traceId: expect.any(String), generation: 8 },
    ]);
  });
});

const controllers = GatewayModule.forConfig({} as never).controllers ?? [];
const handled = controllers.flatMap(({ prototype }: { prototype: object }) =>
  Object.values(Object.getOwnPropertyDescriptors(prototype)).flatMap(({ value }: { value?: unknown }) => {
    const operation: unknown = typeof value === 'function' ? Reflect.getMetadata(operationKey, value) : undefined;
    return operation === undefined ? [] : [(operation as Operation).id];
  }),
);

describe('the controllers', () => {
  it('handle every public operation exactly once', () => {
    expect([...handled].sort()).toEqual(operations.map(({ id }) => id).sort());
  });

  it('appear in the allowed methods of every path', () => {
    for (const operation of operations) expect(methodsAt(pathOf(operation))).toContain(operation.method);
  });
});
