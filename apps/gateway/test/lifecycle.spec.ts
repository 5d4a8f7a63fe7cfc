import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { idleConnectionGraceMs } from '@runos/config';
import { waitUntil } from '@runos/testing-process';
import { aid, jobId, token } from './sample-replies.js';
import { EventStreamReader } from './event-stream-reader.js';
import { type GatewayHarness, startHarness } from './harness.js';

let harness: GatewayHarness;
let agent: Agent;
let release = (): void => undefined;
// One gateway at a time: Passport strategies are global to the process, so a second gateway would replace the first.
beforeEach(async () => {
  harness = await startHarness();
  agent = new Agent({ keepAlive: true });
});
afterEach(async () => {
  release();
  agent.destroy();
  await harness.stop();
});

interface Closed {
  readonly status: number | undefined;
  readonly connection: string | undefined;
}

/** A request over a connection that is kept, as load balancers make them. */
const kept = (url: string): Promise<Closed> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const sent = request(url, { agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode, connection: response.headers.connection }));
    });
    sent.on('error', reject);
    sent.end();
  });

/** Resolves once new connections are refused. */
async function closed(url: string): Promise<void> {
  const isAccepted = (): Promise<boolean> =>
    fetch(`${url}/livez`).then(
      () => true,
      () => false,
    );
  const isRefused = async () => !(await isAccepted());
  await waitUntil(isRefused, { everyMs: 10, because: () => `${url} accepts new connections` });
}

describe('stopping', () => {
  it('completes running requests, ends streams and closes connections', async () => {
    expect(await kept(`${harness.url}/livez`)).toEqual({ status: 200, connection: 'keep-alive' });
    const stream = await EventStreamReader.open(`${harness.url}/jobs/${jobId}/stream`, {
      authorization: `Bearer ${token}`,
    });
    const arrived = new Promise<void>((resolve) => {
      harness.reply('reconciler.v1.cluster-list', async () => {
        resolve();
        await new Promise<void>((resolve) => (release = resolve));
        return { clusters: [] };
      });
    });
    const underWay = kept(`${harness.url}/${aid}/clusters`);
    await arrived;
    const stopped = harness.gateway.stop();
    await stream.rest();
    release();
    expect(await underWay).toEqual({ status: 200, connection: 'close' });
    await stopped;
    await expect(fetch(`${harness.url}/livez`)).rejects.toThrow('fetch failed');
  });

  it('answers requests on keep-alive connections and accepts no new connections', async () => {
    await kept(`${harness.url}/livez`);
    const stopped = harness.gateway.stop();
    await closed(harness.url);
    expect(await kept(`${harness.url}/livez`)).toEqual({ status: 200, connection: 'close' });
    await stopped;
  });

  it('answers the next request on a connection that was idle for a part of the time for which such connections stay open', async () => {
    await kept(`${harness.url}/livez`);
    const stopped = harness.gateway.stop();
    await sleep(idleConnectionGraceMs / 3);
    expect(await kept(`${harness.url}/livez`)).toEqual({ status: 200, connection: 'close' });
    await stopped;
  });
});
