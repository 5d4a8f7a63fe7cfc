import type { FaultCode } from '@runos/kernel';
import { z } from 'zod';

const param = (schema: z.ZodType<string>, notFound: FaultCode) => ({ schema, notFound });
const id5 = z.string().regex(/^[a-z0-9]{5}$/);
const uuid = z.uuid().regex(/^[0-9a-f-]+$/);

/**
 * Every path parameter by name. A value of another shape names nothing, so it answers as a thing that does not exist.
 * `id` is refined per operation: a service's five characters or OSID, a key's id, a job's UUID.
 */
export const pathParams = {
  aid: param(id5, 'account.not_found'),
  cid: param(z.string().regex(/^[a-z0-9]{3,16}$/), 'cluster.not_found'),
  nid: param(id5, 'node.not_found'),
  type: param(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/), 'type.not_found'),
  serviceId: param(z.string().regex(/^([a-z][a-z0-9-]{0,39}-)?[a-z0-9]{5}$/), 'service.not_found'),
  keyId: param(z.string().regex(/^[a-z0-9]{12}$/), 'apikey.not_found'),
  setId: param(uuid, 'configset.not_found'),
  jobId: param(uuid, 'job.not_found'),
  workItemId: param(uuid, 'job.not_found'),
} as const;

export type PathParam = (typeof pathParams)[keyof typeof pathParams];
