import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aid, jobId, token } from './spec-plane/sample-answers.js';
import { EventReader } from './spec-plane/event-reader.js';
import { type SpecPlane, specPlane } from './spec-plane/spec-plane.js';

let plane: SpecPlane;
beforeAll(async () => {
  plane = await specPlane();
});
afterAll(() => plane.stop());

interface Closed {
  readonly status: number | undefined;
  readonly connection: string | undefined;
}

/** A request over a connection that is kept, as load balancers make them. */
const kept = (agent: Agent, path: string): Promise<Closed> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const sent = request(plane.url + path, { agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode, connection: response.headers.connection }));
    });
    sent.on('error', reject);
    sent.end();
  });

describe('stopping', () => {
  it('finishes what is under way, ends streams and keeps no connection', async () => {
    const agent = new Agent({ keepAlive: true });
    expect(await kept(agent, '/livez')).toEqual({ status: 200, connection: 'keep-alive' });
    const stream = await EventReader.open(`${plane.url}/jobs/${jobId}/stream`, { authorization: `Bearer ${token}` });
    let release = (): void => undefined;
    const arrived = new Promise<void>((asked) => {
      plane.answer('reconciler.v1.cluster-list', async () => {
        asked();
        await new Promise<void>((resolve) => (release = resolve));
        return { clusters: [] };
      });
    });
    const underWay = kept(agent, `/${aid}/clusters`);
    await arrived;
    const stopped = plane.gateway.stop();
    await stream.rest();
    release();
    expect(await underWay).toEqual({ status: 200, connection: 'close' });
    await stopped;
    await expect(fetch(`${plane.url}/livez`)).rejects.toThrow('fetch failed');
    agent.destroy();
  });
});
