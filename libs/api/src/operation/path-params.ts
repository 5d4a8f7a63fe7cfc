import type { FaultCode } from '@runos/kernel';
import { z } from 'zod';

const param = (schema: z.ZodType<string>, notFound: FaultCode, description: string) => ({
  schema,
  notFound,
  description,
});
const id5 = z.string().regex(/^[a-z0-9]{5}$/);
const uuid = z.uuid().regex(/^[0-9a-f-]+$/);

/**
 * Every path parameter by name. A malformed value cannot name an existing resource, so it gets the same 404 with the
 * code `notFound`. `id` is refined per operation: a service's five characters or OSID, a key's id, a job's UUID.
 */
export const pathParams = {
  aid: param(id5, 'account.not_found', 'Account id: five of a-z and 0-9.'),
  cid: param(z.string().regex(/^[a-z0-9]{3,16}$/), 'cluster.not_found', 'Cluster id: 3 to 16 of a-z and 0-9.'),
  nid: param(id5, 'node.not_found', 'Node id: five of a-z and 0-9.'),
  type: param(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/), 'type.not_found', 'Service type, such as postgresql.'),
  serviceId: param(
    z.string().regex(/^([a-z][a-z0-9-]{0,39}-)?[a-z0-9]{5}$/),
    'service.not_found',
    'Instance id: its five characters or its OSID.',
  ),
  keyId: param(z.string().regex(/^[a-z0-9]{12}$/), 'apikey.not_found', 'Id of a personal access token.'),
  setId: param(uuid, 'configset.not_found', 'UUID of a config set.'),
  jobId: param(uuid, 'job.not_found', 'UUID of a job.'),
  workItemId: param(uuid, 'job.not_found', 'UUID of a work item of the job.'),
} as const;

export type PathParam = (typeof pathParams)[keyof typeof pathParams];
