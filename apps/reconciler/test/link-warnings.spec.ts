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
});
