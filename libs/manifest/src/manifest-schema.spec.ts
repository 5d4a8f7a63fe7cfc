import { expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { manifestSchema } from './manifest-schema.js';

const accepts = new Ajv2020({ strict: false, validateFormats: false }).compile(manifestSchema());
const header = 'app: shop\ndeployType: cli\ncid: lab01\naid: acme1\n';

it.each([
  [`${header}replicas: 2\nservicePortMappings: [{port: 8080, domains: [{fqdn: a.example}]}]\n`, true],
  ['type: postgresql\ncid: lab01\naid: acme1\nversion: "17"\n', true],
  [`${header}replica: 2\n`, false],
  [`${header}servicePortMappings: [{port: 99999}]\n`, false],
  ['type: mongo\ncid: lab01\naid: acme1\n', false],
  [`${header}type: postgresql\n`, false],
])('accepts complete files, and refuses other fields: %j', (text, expected) =>
  expect(accepts(parse(text))).toBe(expected),
);

it('describes each field of an app', () => {
  const [app] = manifestSchema()['oneOf'] as { properties: Record<string, { description?: string }> }[];
  const bare = Object.entries(app?.properties ?? {}).filter(([, { description }]) => description === undefined);
  expect(bare.map(([name]) => name)).toEqual([]);
});
