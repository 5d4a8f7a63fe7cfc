import { z } from 'zod';
import { errorCodesOf } from '../operation/error-codes.js';
import { fieldsOf, jsonSchemaOf } from '../operation/json-schema.js';
import type { Operation } from '../operation/operation.js';
import { operations } from '../operations.js';
import { errorResponsesOf, errorSchema } from './error-responses.js';

/** One tag per noun, the first part of an operation's id. */
const tags = [
  { name: 'session', description: 'Log in and log out.' },
  { name: 'account', description: 'The accounts of a user.' },
  { name: 'apikey', description: 'Personal access tokens.' },
  { name: 'cluster', description: 'Clusters and the registration of their agents.' },
  { name: 'node', description: 'Nodes of a cluster.' },
  { name: 'service', description: 'Service instances.' },
  { name: 'upgrade', description: 'Upgrades of all instances of a service type.' },
  { name: 'service-info', description: 'Classes and versions of service types.' },
  { name: 'configset', description: 'Versioned settings of a service type.' },
  { name: 'job', description: 'Progress of writes.' },
  { name: 'cli', description: 'The commands of the program `runos`.' },
];

/** The public API as an OpenAPI 3.1 document. */
export const openApi = () => ({
  openapi: '3.1.0',
  info: {
    title: 'RunOS',
    version: '1.0.0',
    description:
      'Declare the desired state of your clusters and follow the job that applies it. Agents reconcile continuously.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  security: [{ token: [] }],
  tags,
  paths: pathsOf(operations),
  components: {
    securitySchemes: {
      token: { type: 'http', scheme: 'bearer', description: 'A personal access token or a session token.' },
    },
    schemas: { Error: errorSchema },
  },
});

const tagOf = ({ id }: Operation): string => id.replace(/\..*/, '');

const templateOf = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

/** An operation with variants has one entry per variant: the value in its path, and its own schemas. */
function variantsOf(operation: Operation): Operation[] {
  const { variants, params, ...rest } = operation;
  if (variants === undefined) return [operation];
  const { [variants.param]: _, ...others } = params;
  return Object.entries(variants.forms).map(([value, { body, output, errors, example }]) => ({
    ...rest,
    id: `${rest.id}.${value}`,
    path: rest.path.replace(`:${variants.param}`, value),
    params: others,
    body: body ?? rest.body,
    output: output ?? rest.output,
    errors: errors ?? rest.errors,
    examples: example === undefined ? { output: rest.examples?.output } : { output: example },
  }));
}

function pathsOf(all: readonly Operation[]): Record<string, Record<string, object>> {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of all.flatMap(variantsOf)) {
    (paths[templateOf(operation.path)] ??= {})[operation.method.toLowerCase()] = describe(operation);
  }
  return paths;
}

const describe = (operation: Operation) => ({
  operationId: operation.id,
  summary: operation.summary,
  tags: [tagOf(operation)],
  ...(operation.access === 'public' ? { security: [] } : {}),
  'x-runos-access': operation.access,
  parameters: [...pathParameters(operation), ...queryParameters(operation), ...headerParameters(operation)],
  ...requestBodyOf(operation),
  responses: { ...successesOf(operation), ...errorResponsesOf(operation) },
});

const pathParameters = ({ params }: Operation) =>
  Object.entries(params).map(([name, { schema, description }]) => ({
    name,
    in: 'path',
    required: true,
    description,
    schema: jsonSchemaOf(schema, 'input'),
  }));

const queryParameters = ({ query }: Operation) => fieldsOf(query).map((field) => ({ ...field, in: 'query' }));

function headerParameters(operation: Operation) {
  const { method, versioned, tagged, mediaType } = operation;
  const header = (name: string, description: string, schema: object) => ({ name, in: 'header', description, schema });
  const key = { type: 'string', minLength: 1, maxLength: 64 };
  return [
    ...(errorCodesOf(operation).includes('conflict.idempotency')
      ? [header('Idempotency-Key', 'Kept for 24 h: the same request with the same key gets the same response.', key)]
      : []),
    ...(method !== 'GET' && versioned
      ? [
          header('If-Match', 'The generation last read, or a list of them; 412 when none is current.', {
            type: 'string',
          }),
        ]
      : []),
    ...(tagged ? [header('If-None-Match', 'The ETag last read; 304 while it is current.', { type: 'string' })] : []),
    ...(mediaType === 'text/event-stream'
      ? [header('Last-Event-ID', 'The id of the last event received.', { type: 'string' })]
      : []),
  ];
}

function requestBodyOf({ body, examples }: Operation) {
  const fields = fieldsOf(body);
  if (fields.length === 0) return {};
  const required = fields.some((field) => field.required);
  const content = { schema: jsonSchemaOf(body, 'input'), ...(examples?.body ? { example: examples.body } : {}) };
  return { requestBody: { required, content: { 'application/json': content } } };
}

/** 202 for an output with a job or a progress of its own; a write whose output may have none also has 200. */
function successesOf(operation: Operation) {
  const { output, status, method, versioned, tagged, mediaType, followed = [], examples } = operation;
  const schema = jsonSchemaOf(output, 'output');
  const example = examples?.output === undefined ? {} : { example: examples.output };
  const etag = { ETag: { description: `The ${tagged ? 'version' : 'generation'}.`, schema: { type: 'string' } } };
  const response = (description: string) => ({
    description,
    ...(method === 'GET' && (versioned || tagged) ? { headers: etag } : {}),
    content: {
      [mediaType ?? 'application/json']: { schema, ...example },
      ...Object.fromEntries(followed.map((type) => [type, { schema: { type: 'string' } }])),
    },
  });
  if (status === 202) {
    const withoutJob = output instanceof z.ZodUnion ? { 200: response('Done without a job.') } : {};
    return { ...withoutJob, 202: response('Accepted; follow its progress.') };
  }
  const unchanged = tagged ? { 304: { description: 'The version of If-None-Match is current.', content: {} } } : {};
  return { ...unchanged, [status]: response(status === 201 ? 'Created.' : 'OK.') };
}
