import type { FaultCode } from '@runos/kernel';
import { z } from 'zod';
import type { Access } from '../access/access.js';

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
  /** Of routes for which existing clients take another route after a 404, which would answer for all accounts. */
  ownAid: param(id5, 'auth.forbidden', 'Account id: five of a-z and 0-9. The caller must be a member.'),
  cid: param(z.string().regex(/^[a-z0-9]{3,16}$/), 'cluster.not_found', 'Cluster id: 3 to 16 of a-z and 0-9.'),
  nid: param(id5, 'node.not_found', 'Node id: five of a-z and 0-9.'),
  // Apps have paths of their own.
  type: param(
    z.string().regex(/^(?!app$)[a-z][a-z0-9-]{0,39}$/),
    'type.not_found',
    'Service type, such as postgresql.',
  ),
  serviceId: param(
    z.string().regex(/^([a-z][a-z0-9-]{0,39}-)?[a-z0-9]{5}$/),
    'service.not_found',
    'Instance id: its five characters or its OSID.',
  ),
  appId: param(z.string().regex(/^(app-)?[a-z0-9]{5}$/), 'app.not_found', 'App id: its five characters or its OSID.'),
  filename: param(z.string().regex(/^[^/\\]{1,253}$/), 'file.not_found', 'Name of a secret file of the app.'),
  overrideId: param(uuid, 'override.not_found', 'UUID of an override of the instance.'),
  revision: param(
    z.string().regex(/^[1-9][0-9]{0,8}$/),
    'revision.not_found',
    'Revision of the instance: a number from 1.',
  ),
  addonName: param(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/), 'addon.not_found', 'Add-on, such as cloudnative-pg.'),
  keyId: param(z.string().regex(/^[a-z0-9]{12}$/), 'apikey.not_found', 'Id of a personal access token.'),
  registrationTokenId: param(z.string().regex(/^[a-z0-9]{12}$/), 'token.not_found', 'Id of a registration token.'),
  setId: param(uuid, 'configset.not_found', 'UUID of a config set.'),
  jobId: param(uuid, 'job.not_found', 'UUID of a job.'),
  registryId: param(uuid, 'registry.not_found', 'UUID of the credentials of a registry.'),
  topicKey: param(z.string().regex(/^[a-z0-9-]{1,64}$/), 'topic.not_found', 'Key of a topic, such as config-sets.'),
  upgradeId: param(uuid, 'upgrade.not_found', 'UUID of an upgrade.'),
  workItemId: param(uuid, 'job.not_found', 'UUID of a work item of the job.'),
} as const;

export type PathParam = (typeof pathParams)[keyof typeof pathParams];

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Whether a request with this method has a body. */
export const hasBody = (method: string): boolean => ['POST', 'PUT', 'PATCH'].includes(method);
/** Media types of responses that go on until the client disconnects. */
export type FollowedMediaType = 'application/x-ndjson' | 'text/event-stream';
type Params = Readonly<Record<string, PathParam>>;

/**
 * One public operation as a value. Routes, access checks, validation, OpenAPI and the command catalog derive from it.
 * `path` has Express placeholders (`/:aid/clusters/:cid`), each described in `params`.
 *
 * Errors of every operation follow from its other fields (`errorCodesOf`); `errors` names only further ones. Write
 * operations accept `Idempotency-Key` and, where `versioned`, `If-Match`.
 */
export interface Operation<
  P extends Params = Params,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  O extends z.ZodType = z.ZodType,
  I extends string = string,
> {
  /** Stable name, `<noun>.<verb>`; the operationId of OpenAPI. */
  readonly id: I;
  readonly method: Method;
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly output: O;
  /** 202 when the output has a jobId or a progress of its own (`completedAt`), 201 for a resource created without a job, else 200. */
  readonly status: 200 | 201 | 202;
  /** Codes that its handlers answer beside those of every operation of its kind. */
  readonly errors: readonly FaultCode[];
  /** Concerns desired state with a generation: reads return an ETag, writes accept If-Match. */
  readonly versioned?: boolean;
  /** Media type of the response where it is not JSON. */
  readonly mediaType?: Extract<FollowedMediaType, 'text/event-stream'>;
  /** Further media types: by `Accept`, the response goes on with what comes, one record of the output after another. */
  readonly followed?: readonly FollowedMediaType[];
  readonly examples?: { readonly body?: z.input<B>; readonly output?: z.input<O> };
  /** The id of the write of which this is the plan: it has the same input. */
  readonly plans?: string;
  /** The output has a `version` that changes exactly when it does. It is the ETag, and If-None-Match is answered with 304. */
  readonly tagged?: boolean;
  /** What of its command does not follow from id, path and schemas. `none`: it has no command. */
  readonly command?: CommandOptions | 'none';
  /** Narrower schemas for known values of one path parameter; `body` and `output` hold for every value. */
  readonly variants?: Variants;
}

/** What the command catalog needs to know beside the operation. */
export interface CommandOptions {
  /** Its path in the catalog; `:type` stands for each service type. */
  readonly path?: string;
  /** Fields of the query that each client sets by itself. */
  readonly setByClients?: readonly string[];
  /** Defaults of its flags; otherwise false. */
  readonly flags?: Readonly<Record<string, boolean>>;
}

/** The schemas of an operation for one value of a path parameter. */
export interface Variant {
  readonly body?: z.ZodType;
  readonly output?: z.ZodType;
  /** Those of the operation that this value cannot cause are left out. */
  readonly errors?: readonly FaultCode[];
  /** Of the output, for documents. */
  readonly example?: unknown;
}

export interface Variants {
  /** The name of the path parameter. */
  readonly param: string;
  /** By the value of the parameter. */
  readonly forms: Readonly<Record<string, Variant>>;
}

const noFields = z.strictObject({});

/** Defines an operation. Defaults: no `params`, `query` and `body` fields, status 200, no further errors. */
export const operation = <
  O extends z.ZodType,
  const I extends string,
  const P extends Params = Record<never, never>,
  Q extends z.ZodType = typeof noFields,
  B extends z.ZodType = typeof noFields,
>(
  definition: Pick<Operation<P, Q, B, O, I>, 'id' | 'method' | 'path' | 'access' | 'summary' | 'output'> &
    Partial<Operation<P, Q, B, O, I>>,
): Operation<P, Q, B, O, I> => ({
  params: {} as P,
  query: noFields as unknown as Q,
  body: noFields as unknown as B,
  status: 200,
  errors: [],
  ...definition,
});

/** The schema of the body for these path parameters. */
export function bodySchemaOf({ body, variants }: Operation, params: Readonly<Record<string, unknown>>): z.ZodType {
  const value = variants && String(params[variants.param]);
  const form = value !== undefined && Object.hasOwn(variants?.forms ?? {}, value) ? variants?.forms[value] : undefined;
  return form?.body ?? body;
}

/** The input of a handler: path parameters, query and body of one request, each parsed by its schema. */
export interface OperationInput<Op extends Operation> {
  readonly params: { readonly [K in keyof Op['params']]: string };
  readonly query: z.output<Op['query']>;
  readonly body: z.output<Op['body']>;
}

export type OperationOutput<Op extends Operation> = z.input<Op['output']>;
