import type { OperationId } from '@runos/api';
import type { IdName, Ids } from './ids.js';

/** The expected status, and the code of a refusal. */
export interface Expected {
  readonly status: number;
  readonly code?: string;
}

/** The input of an operation: it would have an effect if it were accepted. */
export interface Sample {
  readonly query?: (ids: Ids) => Readonly<Record<string, string>>;
  readonly body?: (ids: Ids) => unknown;
  /** The response for an id outside the path that is missing, or foreign to the caller. */
  readonly strange?: Partial<Readonly<Record<IdName, Expected>>>;
}

/** The service type of the instances and config sets in the matrix. */
export const sampleType = 'postgresql';

export const osidOf = ({ serviceId }: Ids): string => `${sampleType}-${serviceId}`;

const plain: Sample = {};
const paged: Sample = { query: () => ({ limit: '1' }) };
const nothingFound: Expected = { status: 200 };

/** One row per operation; an operation without one does not compile, and fails the spec beside this file. */
export const samples: Readonly<Record<OperationId, Sample>> = {
  'session.login': { body: () => ({ email: 'nobody@example.com', password: 'wrong' }) },
  'session.logout': plain,
  'account.list': plain,
  'apikey.list': plain,
  'apikey.create': { body: () => ({ name: 'stolen', role: 'viewer' }) },
  'apikey.show': plain,
  'apikey.revoke': plain,
  'cluster.list': plain,
  'cluster.create': { body: () => ({ name: 'stolen' }) },
  'cluster.show': plain,
  'cluster.delete': plain,
  'cluster.registration-token.create': { body: () => ({ purpose: 'node' }) },
  'node.list': plain,
  'node.show': plain,
  'service.list': paged,
  'service.list-of-type': paged,
  'service.create': {
    body: ({ setId }) => ({ name: 'stolen', configType: 'config_set', configSetId: setId }),
    strange: { setId: { status: 404, code: 'configset.not_found' } },
  },
  'service.show': plain,
  'service.update': { body: () => ({ cpuLimitMc: 1_500 }) },
  'service.delete': plain,
  'service.restart': plain,
  'service.status': plain,
  'service.credentials': plain,
  'service.events': paged,
  'service-info.rrc': plain,
  'service-info.versions': plain,
  'configset.list': plain,
  'configset.create': { body: () => ({ name: 'stolen', type: sampleType, values: { shared_buffers: '256MB' } }) },
  'configset.show': plain,
  'configset.update': { body: () => ({ values: { shared_buffers: '512MB' } }) },
  'configset.versions': plain,
  'job.list': {
    query: (ids) => ({ cid: ids.cid, osid: osidOf(ids) }),
    strange: { cid: nothingFound, serviceId: nothingFound },
  },
  'job.show': plain,
  'job.workitems': plain,
  'job.logs': plain,
  'job.stream': plain,
  'job.cancel': plain,
};
