import { describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { faultStatus } from '@runos/kernel';
import { Validator } from '@seriousme/openapi-schema-validator';
import { operations } from '../operations.js';
import { openApi } from './open-api.js';

interface FieldSchema {
  readonly description?: string;
}

interface OperationObject {
  readonly operationId: string;
  readonly security?: unknown[];
  readonly parameters: { name: string; in: string }[];
  readonly requestBody?: { content: Record<string, { schema: { properties: Record<string, FieldSchema> } }> };
  readonly responses: Record<string, { content: Record<string, { examples?: Record<string, unknown> }> }>;
}

const source = JSON.stringify(openApi());
const document = JSON.parse(source) as { paths: Record<string, Record<string, OperationObject>> };
const all = Object.values(document.paths).flatMap((methods) => Object.values(methods));

function find(id: string): OperationObject {
  const found = all.find(({ operationId }) => operationId === id);
  if (found === undefined) throw new Error(`the document has no operation ${id}`);
  return found;
}

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect([valid, errors]).toEqual([true, undefined]);
  });

  it("passes Redocly's recommended rules", async () => {
    // The published paths are ambiguous by design: `/{aid}/api-keys` and `/jobs/{id}` match the same requests. The
    // gateway tries literal segments first, and no aid or cid equals one of them (reservedWords).
    const config = await createConfig({ extends: ['recommended'], rules: { 'no-ambiguous-paths': 'off' } });
    const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
    expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
  });

  it('describes every operation once', () => {
    const ids = operations.flatMap(({ id, variants }) =>
      variants === undefined ? [id] : Object.keys(variants.forms).map((value) => `${id}.${value}`),
    );
    expect(all.map(({ operationId }) => operationId).sort()).toEqual(ids.sort());
  });

  it('describes the fields of each service type with unit, range and default', () => {
    const schemaOf = (id: string) => find(id).requestBody?.content['application/json']?.schema.properties ?? {};
    const fields = schemaOf('service.create.postgresql');
    expect(fields['cpuLimitMc']).toMatchObject({ type: 'integer', minimum: 1, maximum: 1_024_000 });
    expect(fields['cpuLimitMc']?.description).toContain('millicores');
    expect(fields['version']).toMatchObject({ enum: ['16', '17', '18'], default: '17' });
    expect(fields).toHaveProperty('configSetId');
    expect(schemaOf('service.create.valkey')).not.toHaveProperty('configSetId');
    expect(schemaOf('service.update.postgresql')).not.toHaveProperty('version');
    expect(document.paths).toHaveProperty(['/{aid}/{cid}/services/rabbitmq', 'post']);
    expect(find('service.credentials.rabbitmq').responses['200']?.content['application/json']).toMatchObject({
      schema: { properties: { managementUrl: { type: 'string' } } },
      example: { port: 5672 },
    });
  });

  it('declares public operations, the parameters of a page and the media type of a stream', () => {
    expect(find('session.login').security).toEqual([]);
    expect(find('service.create.valkey').security).toBeUndefined();
    expect(find('service.list').parameters.map((parameter) => `${parameter.in} ${parameter.name}`)).toEqual([
      'path aid',
      'path cid',
      'query limit',
      'query cursor',
    ]);
    expect(Object.keys(find('job.stream').responses['200']?.content ?? {})).toEqual(['text/event-stream']);
  });

  const codesOf = (id: string): string[] =>
    Object.values(find(id).responses).flatMap(({ content }) =>
      Object.keys(content['application/json']?.examples ?? {}).filter((code) => code in faultStatus),
    );

  it.each([
    ['service.create.postgresql', 'class.unknown sizing.invalid configset.not_found configset.invalid addon.missing'],
    ['service.create.postgresql', 'conflict.deleting conflict.idempotency auth.session_expired cluster.not_found'],
    ['service.create.valkey', 'class.unknown sizing.invalid conflict.deleting'],
    ['service.update.valkey', 'class.unknown sizing.invalid conflict.deleting conflict.stale conflict.idempotency'],
    ['service.delete', 'service.in_use conflict.deleting conflict.stale conflict.idempotency'],
    ['cluster.create', 'cluster.exists'],
    ['cluster.update', 'conflict.deleting conflict.stale conflict.idempotency'],
    ['cluster.delete', 'cluster.not_empty conflict.deleting conflict.stale'],
    ['cluster.accept', 'cluster.agent_mismatch conflict.deleting conflict.stale'],
    ['cluster.registration-token.create', 'conflict.deleting'],
    ['node.delete', 'node.not_found cluster.not_found node.in_use'],
    ['addon.install', 'addon.not_found addon.missing addon.present conflict.deleting'],
    ['addon.remove', 'addon.missing addon.present conflict.deleting service.in_use conflict.idempotency'],
    ['upgrade.plan', 'type.not_found'],
    ['upgrade.create', 'type.not_found upgrade.running'],
    ['upgrade.resume', 'upgrade.not_found upgrade.running'],
    ['configset.create', 'type.not_found configset.invalid'],
    ['configset.update', 'configset.not_found configset.invalid'],
    ['configset.delete', 'configset.not_found configset.in_use'],
    [
      'service.set-advanced-configs.postgresql',
      'configset.invalid sizing.invalid conflict.diverged conflict.data_loss',
    ],
    [
      'service.upgrade-config-set.postgresql',
      'configset.not_found configset.invalid sizing.invalid conflict.data_loss',
    ],
    ['session.login', 'auth.invalid limit.exceeded'],
  ])('lists the errors of %s: %s', (id, codes) => {
    expect(codesOf(id)).toEqual(expect.arrayContaining(codes.split(' ')));
  });

  it('lists no error that a service type cannot cause', () => {
    for (const code of ['configset.not_found', 'configset.invalid', 'addon.missing']) {
      expect(codesOf('service.create.valkey')).not.toContain(code);
    }
    expect(codesOf('session.login')).not.toContain('auth.session_expired');
  });

  it('has an example with a sentence for every error', () => {
    const bodies = all.flatMap(({ responses }) =>
      Object.values(responses).flatMap(({ content }) => Object.values(content['application/json']?.examples ?? {})),
    ) as { readonly value: { readonly code: string; readonly error: string } }[];
    expect(bodies.filter(({ value: { code, error } }) => error === code)).toEqual([]);
  });

  it('lists every error code under its status', () => {
    for (const { responses } of all) {
      for (const [status, { content }] of Object.entries(responses)) {
        for (const code of Object.keys(content['application/json']?.examples ?? {})) {
          expect(String(faultStatus[code as keyof typeof faultStatus])).toBe(status);
        }
      }
    }
    expect(Object.keys(find('service.update.valkey').responses)).toEqual([
      '200',
      '202',
      '400',
      '401',
      '403',
      '404',
      '409',
      '412',
      '413',
      '429',
      '500',
      '503',
    ]);
  });
});
