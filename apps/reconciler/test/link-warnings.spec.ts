import { describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type Harness, type Instance, useHarness } from './harness.js';

const image = 'ghcr.io/acme/shop:1.4';
type Fields = Record<string, unknown>;

describe('a change of an app that other apps are linked to', () => {
  let harness: Harness;
  useHarness((started) => (harness = started));

  const create = (fields: Fields = {}) => harness.create('app', { image, ...fields });
  const ports = (...numbers: number[]) => ({ servicePortMappings: numbers.map((port) => ({ port })) });
  const linkTo = ({ id }: Instance, env: Fields) => ({ requires: { api: { type: 'app', id, env } } });
  /** The warnings of the plan and of the write itself, which must agree. */
  const warningsOf = async (one: Instance, fields: Fields) => {
    const planned = await harness.request(reconciler.updateInstance.plan, { ...one, fields });
    const written = await harness.request(reconciler.updateInstance, { ...one, fields });
    const { jobId, warnings = [] } = written as { jobId: string; warnings?: string[] };
    expect(planned.warnings ?? []).toEqual(warnings);
    await harness.jobs.ended(jobId);
    return warnings;
  };

  it('warns of each link whose port it replaces or removes', async () => {
    const api = await create(ports(8080, 9000));
    const one = await create(linkTo(api, { port: 'API_PORT', url: 'API_URL' }));
    await create(linkTo(api, { host: 'API_HOST' }));
    const link = `The link "api" of ${one.osid} uses port`;
    expect(await warningsOf(api, ports(8080))).toEqual([]);
    expect(await warningsOf(api, ports(9999))).toEqual([
      `${link} 8080 of ${api.osid}. These variables change to port 9999, and the pods of ${one.osid} are replaced: API_PORT, API_URL.`,
    ]);
    expect(await warningsOf(api, ports())).toEqual([
      expect.stringContaining(`${link} 9999 of ${api.osid}, which has no port any more`),
    ]);
    expect(await warningsOf(api, ports(8081))).toEqual([]);
  });

  it('warns when a rollback replaces the port', async () => {
    const api = await create(ports(8080));
    await warningsOf(api, ports(9999));
    const one = await create(linkTo(api, { port: 'API_PORT' }));
    const rolledBack = await harness.request(reconciler.rollBackInstance, { ...api, revision: 1 });
    expect(rolledBack).toMatchObject({ warnings: [expect.stringContaining(`The link "api" of ${one.osid} uses`)] });
  });

  it('names ten links, and counts the others', async () => {
    const api = await create(ports(8080));
    await Promise.all(Array.from({ length: 12 }, () => create(linkTo(api, { port: 'API_PORT' }))));
    const warnings = await warningsOf(api, ports(9999));
    expect(warnings).toHaveLength(11);
    expect(warnings.at(-1)).toBe(`2 more links use port 8080 of ${api.osid}, and change in the same way.`);
  });

  it('warns of a secret variable that a link hides, and of a value that it ignores', async () => {
    const api = await create(ports(8080));
    const one = await create();
    const { cid, id } = one;
    const change = (secretEnvVars: Record<string, string>) =>
      harness.request(reconciler.changeEnvironment, { cid, id, change: { secretEnvVars, allowDrop: true } });
    await harness.jobs.ended(((await change({ PORT: 'own' })) as { jobId: string }).jobId);
    const fields = linkTo(api, { port: 'PORT' });
    const link = 'The link "api" sets PORT, so that its';
    const hidden = [`${link} secret variable PORT has no effect while the link exists.`];
    expect(await warningsOf(one, fields)).toEqual(hidden);
    expect(await warningsOf(one, { image: 'ghcr.io/acme/shop:1.5' })).toEqual([]);
    const ignored = [`${link} value in the request is ignored.`];
    expect(await change({ PORT: '1' })).toMatchObject({ noOp: true, warnings: ignored });
    expect(await change({ PORT: '1', A: '2' })).toMatchObject({ jobId: expect.any(String), warnings: ignored });
    expect(await change({ PORT: '8080', A: '2' })).not.toHaveProperty('warnings');
  });
});
