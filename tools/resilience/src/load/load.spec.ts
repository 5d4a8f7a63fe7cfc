import { expect, it } from '@jest/globals';
import { serviceTypes } from '@runos/service-types';
import { independentTypes, Load } from './load.js';
import type { FinalResponse, RetryingClient } from './retrying-client.js';

it('a load creates instances of every type that needs no other, with distinct numbers', async () => {
  const created: { type: string; cpuLimitMc: number }[] = [];
  const send = async (method: string, path: string, body: unknown, key: string): Promise<FinalResponse> => {
    const [, type = ''] = /services\/([^/]+)$/.exec(path) ?? [];
    if (method === 'POST' && type !== '') created.push({ type, ...(body as { cpuLimitMc: number }) });
    return { status: 202, body: { osid: `${type}-${key}`, id: key, jobId: key }, from: 0, to: 0 };
  };
  const client = { send, unexpectedResponses: [] } as unknown as RetryingClient;
  const load = new Load({
    client,
    services: '/a/c/services',
    seed: 1,
    writes: 200,
    instances: 50,
    clients: 2,
    pauseMs: 0,
  });
  load.finish();
  await load.run();
  expect(independentTypes()).toEqual(serviceTypes.map(({ type }) => type));
  expect([...new Set(created.map(({ type }) => type))].sort()).toEqual(independentTypes());
  expect(new Set(created.map(({ cpuLimitMc }) => cpuLimitMc)).size).toBe(created.length);
});
