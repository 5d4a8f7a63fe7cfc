import { pathParams } from '@runos/api';

/** The names of ids in paths. A service type belongs to no account. */
export type IdName = Exclude<keyof typeof pathParams, 'type'>;

/** One resource of every kind, all of one account. */
export type Ids = Readonly<Record<IdName, string>>;

/** Every kind of id in paths. */
export const idNames = Object.keys(pathParams).filter((name): name is IdName => name !== 'type');

/** Well-formed ids of missing resources. */
export const missingIds: Ids = {
  aid: 'zzzz0',
  cid: 'nosuchcluster',
  nid: 'zzzz1',
  serviceId: 'zzzz2',
  keyId: 'zzzzzzzzzzz3',
  setId: '01890000-0000-4000-8000-000000000004',
  jobId: '01890000-0000-7000-8000-000000000005',
  workItemId: '01890000-0000-7000-8000-000000000006',
};
