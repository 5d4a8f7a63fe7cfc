import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addServiceType, relay } from '@runos/service-types/testing';

const remove = addServiceType(relay);
let api: typeof import('../index.js');
beforeAll(async () => {
  api = await import('../index.js');
});
afterAll(() => remove());

interface Document {
  readonly paths: Record<string, Record<string, { requestBody?: unknown; responses: Record<string, unknown> }>>;
}

describe('a new service type', () => {
  it('has paths of its own in the OpenAPI document, with its fields, defaults and credentials', () => {
    const { paths } = JSON.parse(JSON.stringify(api.openApi())) as Document;
    expect(paths['/{aid}/{cid}/services/relay']?.['post']?.requestBody).toMatchObject({
      required: true,
      content: {
        'application/json': {
          schema: {
            required: ['requires'],
            additionalProperties: false,
            properties: {
              mode: { enum: ['fast', 'safe'], default: 'fast' },
              region: { default: 'eu' },
              requires: { required: ['cache'] },
            },
          },
        },
      },
    });
    const update = JSON.stringify(paths['/{aid}/{cid}/services/relay/{id}']?.['patch']?.requestBody);
    expect([update.includes('"mode"'), update.includes('"region"')]).toEqual([true, false]);
    expect(JSON.stringify(paths['/{aid}/{cid}/services/relay/{id}/credentials'])).toContain('relay://relay-x7k2p');
  });

  it('is validated by its own fields', () => {
    const schema = api.bodySchemaOf(api.createService, { type: 'relay' });
    expect(schema.safeParse({ requires: { cache: { id: 'abcde' } }, mode: 'safe' }).error).toBeUndefined();
    const issues = schema.safeParse({ mode: 'slow', version: '2', nonsense: 1 }).error?.issues ?? [];
    expect(issues.map(({ path }) => path.join('.')).sort()).toEqual(['', 'mode', 'requires', 'version']);
    const valkey = api.bodySchemaOf(api.createService, { type: 'valkey' });
    expect(valkey.safeParse({ mode: 'safe' }).success).toBe(false);
    const unknown = api.bodySchemaOf(api.createService, { type: 'nonsense' });
    expect(unknown.safeParse({ mode: 'safe' }).success).toBe(true); // the service answers type.not_found
  });
});
