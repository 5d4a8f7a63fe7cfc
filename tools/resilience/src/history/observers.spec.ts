import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { waitUntil } from '@runos/testing-process';
import { Ledger } from '../load/ledger.js';
import { Observers } from './observers.js';

let server: Server;
let ledger: Ledger;
let requested: string[] = [];
const path = '/acct1/demo/services/valkey/aaaaa';

/** A gateway that answers each read with a healthy instance. */
beforeEach(async () => {
  requested = [];
  server = createServer(({ url = '' }, response) => {
    requested.push(url);
    response.end(JSON.stringify({ status: 'healthy', services: [], jobs: [], workItems: [], nextCursor: null }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  ledger.end.abort();
  server.close();
  server.closeAllConnections();
});

function observe(): Observers {
  ledger = new Ledger();
  ledger.instances.push({ osid: 'valkey-aaaaa', path, key: 'k', writes: [], deleted: false });
  ledger.jobs.set('k', 'j');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const endpoints = [{ name: 'gateway 1', url, token: 't' }];
  return new Observers({ services: '/acct1/demo/services', aid: 'acct1', endpoints, ledger, seed: 1 });
}

const because = () => `requested were only ${requested.join()}`;

it('observers read instances, statuses, lists and jobs until they finish', async () => {
  const observers = observe();
  observers.start();
  await waitUntil(() => requested.includes(`${path}/status`), { everyMs: 100, because });
  await observers.finish();
  expect(requested).toEqual(expect.arrayContaining([path, `${path}/status`, '/jobs/j', '/jobs/j/workitems']));
  const read = ledger.history.operations.map((operation) => operation.path);
  expect(read).toEqual(expect.arrayContaining([path, `${path}/status`, '/jobs/j', '/jobs/j/workitems']));
});

it('observers that never finish end with the run of their ledger', async () => {
  const observers = observe();
  observers.start();
  await waitUntil(() => requested.length >= 2, { because });
  ledger.end.abort();
  await setTimeout(600);
  const atEnd = requested.length;
  await setTimeout(600);
  expect(requested).toHaveLength(atEnd);
});
