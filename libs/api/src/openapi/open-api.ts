import { z } from 'zod';
import type { Operation } from '../operation.js';
import { operations } from '../operations.js';
import { errorResponsesOf, errorSchema } from './error-responses.js';
import { fieldsOf, jsonSchemaOf } from './json-schema.js';

/** The public API as an OpenAPI 3.1 document. */
export const openApi = () => ({
  openapi: '3.1.0',
  info: {
    title: 'RunOS',
    version: '1.0.0',
    description: 'Say what should run on your clusters; follow the job; the cluster matches, and stays so.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  security: [{ token: [] }],
  tags: [...new Set(operations.map(tagOf))].map((name) => ({ name })),
  paths: pathsOf(operations),
  components: {
    securitySchemes: {
      token: { type: 'http', scheme: 'bearer', description: 'A personal access token, or the token of a log-in.' },
    },
    schemas: { Error: errorSchema },
  },
});

const tagOf = ({ id }: Operation): string => id.split('.')[0];

const templateOf = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

function pathsOf(all: readonly Operation[]): Record<string, Record<string, object>> {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of all) {
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
  Object.entries(params).map(([name, { schema }]) => ({
    name,
    in: 'path',
    required: true,
    schema: jsonSchemaOf(schema, 'input'),
  }));

const queryParameters = ({ query }: Operation) => fieldsOf(query).map((field) => ({ ...field, in: 'query' }));

function headerParameters({ method, versioned, mediaType }: Operation) {
  const header = (name: string, description: string, schema: object) => ({ name, in: 'header', description, schema });
  const key = { type: 'string', minLength: 1, maxLength: 64 };
  return [
    ...(method === 'POST' ? [header('Idempotency-Key', 'Kept for 24 h: the same request, the same answer.', key)] : []),
    ...(method !== 'GET' && versioned
      ? [header('If-Match', 'The generation last read; 412 when it has moved on.', { type: 'string' })]
      : []),
    ...(mediaType === 'text/event-stream'
      ? [header('Last-Event-ID', 'The id of the last event that arrived.', { type: 'string' })]
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

/** 202 stands for an answer with a job; a write that may need none answers 200 then. */
function successesOf({ output, status, method, versioned, mediaType, examples }: Operation) {
  const schema = jsonSchemaOf(output, 'output');
  const example = examples?.output === undefined ? {} : { example: examples.output };
  const etag = { ETag: { description: 'The generation.', schema: { type: 'string' } } };
  const answer = (description: string) => ({
    description,
    ...(method === 'GET' && versioned ? { headers: etag } : {}),
    content: { [mediaType ?? 'application/json']: { schema, ...example } },
  });
  if (status === 202) {
    const atOnce = output instanceof z.ZodUnion ? { 200: answer('Done; no job was needed.') } : {};
    return { ...atOnce, 202: answer('Accepted; follow the job.') };
  }
  return { [status]: answer(status === 201 ? 'Made.' : 'Answered.') };
}
