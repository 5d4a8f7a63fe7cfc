import { setTimeout } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { serviceTypes } from '@runos/service-types';
import { Ledger } from './ledger.js';
import { independentTypes, Load } from './load.js';
import type { FinalResponse, RetryingClient } from './retrying-client.js';

const options = { services: '/a/c/services', seed: 1, instances: 50, clients: 2, pauseMs: 0 };
const clientOf = (send: (method: string, path: string, body: unknown, key: string) => Promise<FinalResponse>) =>
  ({ send, unexpectedResponses: [] }) as unknown as RetryingClient;
const accepted = (osid: string, key: string): FinalResponse => ({
  status: 202,
  body: { osid, id: key, jobId: key },
  from: 0,
  to: 0,
});

it('a load creates instances of every type that needs no other, with distinct numbers', async () => {
  const created: { type: string; cpuLimitMc: number }[] = [];
  const send = async (method: string, path: string, body: unknown, key: string): Promise<FinalResponse> => {
    const [, type = ''] = /services\/([^/]+)$/.exec(path) ?? [];
    if (method === 'POST' && type !== '') created.push({ type, ...(body as { cpuLimitMc: number }) });
    return accepted(`${type}-${key}`, key);
  };
  const load = new Load({ ...options, client: clientOf(send), writes: 200 });
  load.finish();
  await load.run();
  expect(independentTypes()).toEqual(serviceTypes.map(({ type }) => type));
  expect([...new Set(created.map(({ type }) => type))].sort()).toEqual(independentTypes());
  expect(new Set(created.map(({ cpuLimitMc }) => cpuLimitMc)).size).toBe(created.length);
});

it('the writes of a client do not depend on the response times of another one', async () => {
  const firstWrites = async (clients: number): Promise<string[]> => {
    const other = Promise.withResolvers<void>();
    const written: string[] = [];
    let calls = 0;
    const send = async (method: string, path: string, _body: unknown, key: string): Promise<FinalResponse> => {
      calls += 1;
      const [type, id, verb] = path.slice(options.services.length + 1).split('/');
      // The second client starts second, and gets its first response after the last write of the first client.
      if (clients === 2 && calls === 2) await other.promise;
      else written.push(`${method} ${id === undefined ? type : (verb ?? 'instance')}`);
      if (written.length === 15) other.resolve();
      return accepted(`valkey-${key}`, key);
    };
    const load = new Load({ ...options, clients, client: clientOf(send), writes: 20 });
    load.finish();
    await load.run();
    return written.slice(0, 15);
  };
  expect(await firstWrites(2)).toEqual(await firstWrites(1));
});

it('a load whose client fails has ended, with all its clients', async () => {
  let sent = 0;
  const send = async (_method: string, _path: string, _body: unknown, key: string): Promise<FinalResponse> => {
    sent += 1;
    if (sent === 5) throw new Error('not answered');
    return accepted('valkey-aaaaa', key);
  };
  const load = new Load({ ...options, client: clientOf(send), writes: 0 });
  await expect(load.run()).rejects.toThrow('not answered');
  const atEnd = sent;
  await setTimeout(50);
  expect(sent).toBe(atEnd);
});

it('a load ends with the run of its ledger', async () => {
  const ledger = new Ledger();
  const send = async (_method: string, _path: string, _body: unknown, key: string): Promise<FinalResponse> => {
    if (ledger.jobs.size === 5) ledger.end.abort();
    return accepted('valkey-aaaaa', key);
  };
  await new Load({ ...options, ledger, client: clientOf(send), writes: 1_000 }).run();
  expect(ledger.jobs.size).toBeLessThan(10);
});
