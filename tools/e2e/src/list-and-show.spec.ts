import { isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { operations } from '@runos/api';
import { eventually } from './eventually.js';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';

type Item = Readonly<Record<string, unknown>>;

/** Agents send a heartbeat every 5 s, so an honest time is not older than this, ms. */
const newestHeartbeatMs = 8_000;

/** The paths of the list of a noun, and of the show of each item. */
interface Noun {
  readonly list: string;
  readonly show: (item: Item) => string;
}

let planeClient: PlaneClient;
beforeAll(async () => {
  planeClient = await connectToSharedPlane();
  const { info, api } = planeClient;
  await planeClient.create('valkey', { name: 'listed' });
  const shop = { name: 'listed', image: 'ghcr.io/acme/shop:1.4', servicePortMappings: [{ port: 8080 }] };
  await planeClient.waitForCompletion((await api.post(`/${info.aid}/${info.cid}/apps`, shop)).body['jobId']);
  await api.post(`/${info.aid}/config-sets`, { name: 'listed', type: 'postgresql', values: {} });
  await api.post(`/${info.aid}/registries`, {
    host: 'listed.invalid',
    username: 'acme',
    password: 'pull-7Hq2xV-password',
  });
  await api.post(`/${info.aid}/upgrades`, { type: 'valkey' });
});

/** One row per noun with a show. */
const nouns = (): Readonly<Record<string, Noun>> => {
  const { aid, cid } = planeClient.info;
  const pathOf = (list: string, key: string): Noun => ({ list, show: (item) => `${list}/${String(item[key])}` });
  const services = `/${aid}/${cid}/services`;
  return {
    cluster: pathOf(`/${aid}/clusters`, 'cid'),
    node: pathOf(`/${aid}/${cid}/nodes`, 'nid'),
    service: { list: services, show: ({ type, id }) => `${services}/${String(type)}/${String(id)}` },
    app: pathOf(`/${aid}/${cid}/apps`, 'id'),
    configset: pathOf(`/${aid}/config-sets`, 'setId'),
    apikey: pathOf(`/${aid}/api-keys`, 'id'),
    job: { list: `/${aid}/jobs`, show: ({ id }) => `/jobs/${String(id)}` },
    registry: pathOf(`/${aid}/registries`, 'id'),
    upgrade: pathOf(`/${aid}/upgrades`, 'id'),
  };
};

async function listed({ list }: Noun): Promise<Item[]> {
  const { body } = await planeClient.api.get(list);
  return Object.values(body).find(Array.isArray) as Item[];
}

async function shown({ show }: Noun, item: Item): Promise<Item> {
  const { status, body } = await planeClient.api.get(show(item));
  if (status !== 200) throw new Error(`${show(item)} answered ${status}`);
  return body;
}

/** These fields of an item. The time of a heartbeat is replaced by `recent` if it is not older than an interval. */
const fieldsOf = (item: Item, names: readonly string[]): Item =>
  Object.fromEntries(
    names.map((name) => {
      const ageMs = name === 'lastHeartbeatAt' ? Date.now() - Date.parse(String(item[name])) : Infinity;
      return [name, ageMs < newestHeartbeatMs ? 'recent' : item[name]];
    }),
  );

describe('a list and a show', () => {
  it('exist for every noun that is compared here', () => {
    const named = operations.flatMap(({ id }) => /^([^.]+)\.show$/.exec(id)?.[1] ?? []);
    expect(named.sort()).toEqual(Object.keys(nouns()).sort());
  });

  it.each(['cluster', 'node', 'service', 'app', 'configset', 'apikey', 'job', 'registry', 'upgrade'])(
    'of a %s have equal fields',
    async (name) => {
      const noun = nouns()[name] as Noun;
      // A resource may change between both reads, so that they are compared again.
      await eventually(`the list and the show of each ${name} to be equal`, async () => {
        const items = await listed(noun);
        expect(items.length).toBeGreaterThan(0);
        for (const item of items) {
          const names = Object.keys(item);
          const [one, other] = [item, await shown(noun, item)].map((each) => fieldsOf(each, names));
          if (!isDeepStrictEqual(one, other)) throw new Error(`${JSON.stringify(one)}: ${JSON.stringify(other)}`);
        }
        return true;
      });
    },
  );

  it.each(['cluster', 'node'])('of a connected %s have the time of its last heartbeat', async (name) => {
    const noun = nouns()[name] as Noun;
    const times = async () => {
      const [first] = (await listed(noun)).filter(({ status }) => status === 'connected' || status === 'ready');
      if (first === undefined) throw new Error(`no ${name} is connected`);
      return [first, await shown(noun, first)].map((item) => Date.parse(String(item['lastHeartbeatAt'])));
    };
    const before = await times();
    await eventually('both times to be later', async () =>
      (await times()).every((time, index) => time - (before[index] ?? 0) > 4_000),
    );
  });
});
