import { describe, expect, it } from '@jest/globals';
import { contracts, permissionsOf, reconciler, streamOf } from '@runos/contracts';
import { withPermissionsOf } from './mixed-versions.js';
import { planeUsers } from './server-config.js';

const create = `$JS.API.STREAM.CREATE.${streamOf('reconciler')}`;
const renamed = { ...reconciler.jobProgressed, subject: 'reconciler.v0.job-progressed' };
/** A build whose services create their streams, with another name of the event. */
const other = {
  contracts: [renamed],
  permissionsOf: ((user) => ({
    publish: user === 'reconciler' ? [create, renamed.subject, 'jobs.v0.read'] : [],
    subscribe: [`${user}.v0.read`],
    jetStream: [],
  })) satisfies typeof permissionsOf,
};

describe('the users of two builds', () => {
  const users = planeUsers(() => 'pw');
  const both = withPermissionsOf(users, other);
  const of = (list: typeof users, name: string) => list.find(({ user }) => user === name);

  it('have the permissions of both, and JetStream serves what it served', () => {
    const own = permissionsOf('reconciler', contracts);
    expect(of(both, 'reconciler')).toMatchObject({
      publish: [...own.publish, create, renamed.subject, 'jobs.v0.read'],
      subscribe: [...own.subscribe, 'reconciler.v0.read'],
      jetStream: [...own.jetStream, create, renamed.subject],
    });
  });

  it('do not include one who creates the streams of the other build', () => {
    expect(of(both, 'streams')).toEqual(of(users, 'streams'));
  });
});
