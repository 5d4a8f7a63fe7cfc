import { describe, expect, it } from '@jest/globals';
import { faultStatus } from '@runos/kernel';
import { Validator } from '@seriousme/openapi-schema-validator';
import { operations } from '../operations.js';
import { openApi } from './open-api.js';

interface Described {
  readonly operationId: string;
  readonly security?: unknown[];
  readonly parameters: { name: string; in: string }[];
  readonly responses: Record<string, { content: Record<string, { examples?: Record<string, unknown> }> }>;
}

const document = JSON.parse(JSON.stringify(openApi())) as { paths: Record<string, Record<string, Described>> };
const all = Object.values(document.paths).flatMap((methods) => Object.values(methods));
const of = (id: string) => all.find(({ operationId }) => operationId === id) as Described;

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect([valid, errors]).toEqual([true, undefined]);
  });

  it('describes every operation once', () => {
    expect(all.map(({ operationId }) => operationId).sort()).toEqual(operations.map(({ id }) => id).sort());
  });

  it('declares public operations, page parameters and event streams', () => {
    expect(of('session.login').security).toEqual([]);
    expect(of('service.create').security).toBeUndefined();
    expect(of('service.list').parameters.map((one) => `${one.in} ${one.name}`)).toEqual([
      'path aid',
      'path cid',
      'query limit',
      'query cursor',
    ]);
    expect(Object.keys(of('job.stream').responses['200'].content)).toEqual(['text/event-stream']);
  });

  it('lists the error codes of every status', () => {
    for (const { responses } of all) {
      for (const [status, { content }] of Object.entries(responses)) {
        for (const code of Object.keys(content['application/json']?.examples ?? {})) {
          expect(String(faultStatus[code as keyof typeof faultStatus])).toBe(status);
        }
      }
    }
    expect(Object.keys(of('service.update').responses)).toEqual([
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
