import { Agent, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { aid, jobId, token } from '../test/sample-replies.js';
import { EventStreamReader } from '../test/event-stream-reader.js';
import { type GatewayHarness, startHarness } from '../test/harness.js';

let plane: GatewayHarness;
// One at a time: Passport knows strategies by process, so a second gateway in this one would answer for the first.
beforeEach(async () => {
  plane = await startHarness();
});
afterEach(() => plane.stop());

interface Closed {
  readonly status: number | undefined;
  readonly connection: string | undefined;
}

/** A request over a connection that is kept, as load balancers make them. */
const kept = (agent: Agent, url: string): Promise<Closed> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const sent = request(url, { agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode, connection: response.headers.connection }));
    });
    sent.on('error', reject);
    sent.end();
  });

/** Resolves once no new connection is taken. */
async function closed(url: string): Promise<void> {
  const taken = (): Promise<boolean> =>
    fetch(`${url}/livez`).then(
      () => true,
      () => false,
    );
  while (await taken()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('stopping', () => {
  it('completes running requests, ends streams and closes connections', async () => {
    const agent = new Agent({ keepAlive: true });
    expect(await kept(agent, `${plane.url}/livez`)).toEqual({ status: 200, connection: 'keep-alive' });
    const stream = await EventStreamReader.open(`${plane.url}/jobs/${jobId}/stream`, {
      authorization: `Bearer ${token}`,
    });
    let release = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      plane.reply('reconciler.v1.cluster-list', async () => {
        resolve();
        await new Promise<void>((resolve) => (release = resolve));
        return { clusters: [] };
      });
    });
    const underWay = kept(agent, `${plane.url}/${aid}/clusters`);
    await arrived;
    const stopped = plane.gateway.stop();
    await stream.rest();
    release();
    expect(await underWay).toEqual({ status: 200, connection: 'close' });
    await stopped;
    await expect(fetch(`${plane.url}/livez`)).rejects.toThrow('fetch failed');
    agent.destroy();
  });

  it('answers requests on keep-alive connections and accepts no new connections', async () => {
    const agent = new Agent({ keepAlive: true });
    await kept(agent, `${plane.url}/livez`);
    const stopped = plane.gateway.stop();
    await closed(plane.url);
    expect(await kept(agent, `${plane.url}/livez`)).toEqual({ status: 200, connection: 'close' });
    await stopped;
    agent.destroy();
  });
});
