import { describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { faultStatus } from '@runos/kernel';
import { Validator } from '@seriousme/openapi-schema-validator';
import { operations } from '../operations.js';
import { openApi } from './open-api.js';

interface OperationObject {
  readonly operationId: string;
  readonly security?: unknown[];
  readonly parameters: { name: string; in: string }[];
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
    expect(all.map(({ operationId }) => operationId).sort()).toEqual(operations.map(({ id }) => id).sort());
  });

  it('declares public operations, the parameters of a page and the media type of a stream', () => {
    expect(find('session.login').security).toEqual([]);
    expect(find('service.create').security).toBeUndefined();
    expect(find('service.list').parameters.map((parameter) => `${parameter.in} ${parameter.name}`)).toEqual([
      'path aid',
      'path cid',
      'query limit',
      'query cursor',
    ]);
    expect(Object.keys(find('job.stream').responses['200']?.content ?? {})).toEqual(['text/event-stream']);
  });

  it('lists every error code under its status', () => {
    for (const { responses } of all) {
      for (const [status, { content }] of Object.entries(responses)) {
        for (const code of Object.keys(content['application/json']?.examples ?? {})) {
          expect(String(faultStatus[code as keyof typeof faultStatus])).toBe(status);
        }
      }
    }
    expect(Object.keys(find('service.update').responses)).toEqual([
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
