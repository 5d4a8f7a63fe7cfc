import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ServiceType } from '@runos/catalog-model';
import { serviceTypes } from '@runos/service-types';
import { addServiceType, beacon, lantern, relay } from '@runos/service-types/testing';

const removals = [relay, beacon, lantern].map(addServiceType);
let api: typeof import('../index.js');
beforeAll(async () => {
  api = await import('../index.js');
});
afterAll(() => removals.forEach((remove) => remove()));

interface Document {
  readonly paths: Record<string, Record<string, { requestBody?: unknown; responses: Record<string, unknown> }>>;
}

interface FieldSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
}

interface FieldsSchema {
  readonly properties: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
}

/** The keywords of which one states the range of a field, by its type. Others have no range, or list their fields. */
const rangeKeywords: Readonly<Record<string, readonly string[]>> = {
  integer: ['minimum'],
  number: ['minimum'],
  string: ['enum', 'pattern', 'maxLength', 'format'],
};

/** What the documentation of a field lacks. The units of numbers are tested for the whole document. */
function missingIn(name: string, field: FieldSchema, isRequired: boolean): string[] {
  const description = field.description ?? '';
  const keywords = rangeKeywords[field.type ?? ''];
  return [
    ...(description === '' ? [`${name}: description`] : []),
    ...(isRequired || 'default' in field || description.includes('Default: ') ? [] : [`${name}: default`]),
    ...(keywords === undefined || keywords.some((keyword) => keyword in field) ? [] : [`${name}: range`]),
  ];
}

function schemaOf(method: 'post' | 'patch', path: string): FieldsSchema {
  const { paths } = JSON.parse(JSON.stringify(api.openApi())) as Document;
  const body = paths[path]?.[method]?.requestBody as { content: Record<string, { schema: FieldsSchema }> };
  return body.content['application/json']?.schema as FieldsSchema;
}
const createSchema = ({ type }: ServiceType) => schemaOf('post', `/{aid}/{cid}/services/${type}`);
const updateSchema = ({ type }: ServiceType) => schemaOf('patch', `/{aid}/{cid}/services/${type}/{id}`);

describe.each(serviceTypes)('the documented creation of $type', (type) => {
  it('gives range and default of every field', () => {
    const { properties, required = [] } = createSchema(type);
    const missing = Object.entries(properties).flatMap(([name, field]) =>
      missingIn(name, field, required.includes(name)),
    );
    expect(missing).toEqual([]);
  });

  it('gives the classes of the type, and the numbers of its default class', () => {
    const { properties } = createSchema(type);
    const classId = `${type.type}.${type.sizing.defaultTier}.beff`;
    const classes = Object.entries(type.sizing.tiers).flatMap(([tier, sizes]) =>
      sizes.map((size) => `${type.type}.${tier}.${size}`),
    );
    expect(properties['resourceRequirementClassId']).toMatchObject({ enum: [...classes, 'custom'], default: classId });
    const { storageMb, ...numbers } = type.sizing.sizes.beff ?? {};
    for (const [name, value] of Object.entries({ ...numbers, replicas: 1, ...(storageMb && { storageMb }) })) {
      expect(properties[name]?.description).toContain(`Default: the value of the class, ${value} in ${classId}.`);
    }
  });

  it('has storage only where the type has it', () => {
    const hasStorage = type.sizing.sizes.beff?.storageMb !== null;
    expect('storageMb' in createSchema(type).properties).toBe(hasStorage);
    expect('storageMb' in updateSchema(type).properties).toBe(hasStorage);
  });
});

describe('the documented update of a type', () => {
  it('gives the classes, and no defaults, because absent fields are unchanged', () => {
    for (const type of serviceTypes) {
      const { properties } = updateSchema(type);
      expect(properties['resourceRequirementClassId']?.enum).toContain('custom');
      expect(JSON.stringify(properties)).not.toMatch(/"default"|Default: the/);
    }
  });
});

describe('a documented instance', () => {
  it('has 0 MiB of storage for a type that stores nothing, within the documented range', () => {
    const { paths } = JSON.parse(JSON.stringify(api.openApi())) as Document;
    expect(paths['/{aid}/{cid}/services/{type}/{id}']?.['get']?.responses['200']).toMatchObject({
      content: { 'application/json': { schema: { properties: { storageMb: { minimum: 0 } } } } },
    });
  });
});

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

  it('has commands of its own in the catalog, with its fields, defaults and credentials', () => {
    const commands = api.commandsOf('member').filter(({ command }) => command.startsWith('services/relay/'));
    const named = (verb: string) => commands.find(({ command }) => command === `services/relay/${verb}`);
    expect(named('add')?.input.fields).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'mode', type: 'string', enum: ['fast', 'safe'], default: 'fast' }),
        expect.objectContaining({ name: 'requires', type: 'object', valueType: 'object', required: true }),
      ]),
    );
    expect(named('{id}/update')?.input.fields.find(({ name }) => name === 'mode')).not.toHaveProperty('default');
    expect(named('{id}/credentials')?.output.fields.map(({ name }) => name)).toEqual(['url', 'port']);
    expect(commands.map(({ command }) => command)).not.toContain('services/relay/{id}/set-advanced-configs');
  });

  it('has its versions in the document, and leaves the refusal of others to the catalog, which may be newer', () => {
    expect(createSchema(relay).properties['version']).toMatchObject({ type: 'string', enum: ['1'], default: '1' });
    const schema = api.bodySchemaOf(api.createService, { type: 'relay' });
    expect(schema.safeParse({ requires: { cache: { id: 'abcde' } }, version: '2' }).error).toBeUndefined();
    expect(schema.safeParse({ requires: { cache: { id: 'abcde' } }, version: '2'.repeat(33) }).success).toBe(false);
  });

  it('is validated by its own fields', () => {
    const schema = api.bodySchemaOf(api.createService, { type: 'relay' });
    expect(schema.safeParse({ requires: { cache: { id: 'abcde' } }, mode: 'safe' }).error).toBeUndefined();
    const issues = schema.safeParse({ mode: 'slow', nonsense: 1 }).error?.issues ?? [];
    expect(issues.map(({ path }) => path.join('.')).sort()).toEqual(['', 'mode', 'requires']);
    const valkey = api.bodySchemaOf(api.createService, { type: 'valkey' });
    expect(valkey.safeParse({ mode: 'safe' }).success).toBe(false);
    const unknown = api.bodySchemaOf(api.createService, { type: 'nonsense' });
    expect(unknown.safeParse({ mode: 'safe' }).success).toBe(true); // the service answers type.not_found
  });
});
