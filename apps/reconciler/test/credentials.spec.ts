import { afterAll, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { addServiceType, lantern } from '@runos/service-types/testing';
import { z } from 'zod';
import { type Harness, useHarness } from './harness.js';

const credentials = {
  brokers: ['lantern-0:9092', 'lantern-1:9092'],
  admin: { user: 'admin', tls: true, port: 9093, realm: null, hosts: [{ name: 'a' }] },
};

/** A type whose credentials are not flat. */
const nested = {
  ...lantern,
  credentials: { schema: z.object({}).loose(), example: credentials, of: () => credentials },
};

describe('the credentials of an instance', () => {
  let harness: Harness;
  const remove = addServiceType(nested);
  useHarness((started) => (harness = started));
  afterAll(remove);

  it('have the form that its type gives them, with lists and nested fields', async () => {
    const one = await harness.create('lantern');
    expect(await harness.request(reconciler.showInstanceCredentials, one)).toEqual(credentials);
  });
});
