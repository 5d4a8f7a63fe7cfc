import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Command, type CommandCatalog, type Role, roles } from '@runos/api';
import { buildRequest, printedFields, treeProblems, wordsOf } from '@runos/testing-existing-client';
import { sampleValues } from '../../test/sample-values.js';
import { type GatewayHarness, startHarness } from '../../test/harness.js';
import { aid, principal } from '../../test/sample-replies.js';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness({ writesPerMinute: 0, readsPerMinute: 0 });
});
afterAll(() => harness.stop());

/** A token that is not in the cache of the gateway. */
const tokenOf = (role: Role) => ({ authorization: `Bearer runos_pat_${role.padEnd(12, 'x')}.${'r'.repeat(43)}` });

async function catalogOf(role: Role): Promise<CommandCatalog> {
  harness.reply('identity.v1.authenticate', () => ({ ...principal, memberships: [{ aid, role }] }));
  const { status, body } = await harness.send('GET', `/${aid}/cli/manifest`, { headers: tokenOf(role) });
  expect(status).toBe(200);
  return body as unknown as CommandCatalog;
}

const commandNamed = ({ commands }: CommandCatalog, name: string): Command => {
  const found = commands.find(({ command }) => command === name);
  if (found === undefined) throw new Error(`the catalog has no ${name}`);
  return found;
};

describe('an existing client', () => {
  it.each(roles)('starts with the whole catalog of the role %s', async (role) => {
    const { commands } = await catalogOf(role);
    expect(commands.length).toBeGreaterThan(50);
    expect(treeProblems(commands)).toEqual([]);
  });

  it.each(['needed', 'all'] as const)('sends requests with %s fields that the gateway accepts', async (which) => {
    const { commands } = await catalogOf('owner');
    const refused: unknown[] = [];
    for (const command of commands) {
      const values = sampleValues(command, which);
      // Of these, one is enough and both are refused together.
      const isUpdate = command.method === 'PATCH' && Object.keys(values).length <= 1 && which === 'needed';
      const declared = command.input.fields.some(({ positional }) => positional === undefined);
      if (isUpdate && declared && command.input.flags === undefined) continue;
      const { method, path, body } = buildRequest(command, { aid, cid: 'ky3', values });
      const response = await harness.send(method, path, {
        ...(body === undefined ? {} : { body }),
        headers: tokenOf('owner'),
      });
      if (response.status >= 300) refused.push([command.command, method, path, body, response.status, response.body]);
      else expect(printedFields(command, response.body)).toBeDefined();
    }
    expect(refused).toEqual([]);
  });

  it('finds the commands that it treats in a way of its own, with their fields', async () => {
    const catalog = await catalogOf('owner');
    const namesOf = (name: string) => commandNamed(catalog, name).input.fields.map((field) => field.name);
    expect(namesOf('account/api-keys/add')).toContain('expiresAt');
    expect(commandNamed(catalog, 'account/api-keys/add').output.fields.map(({ name }) => name)).toContain('token');
    expect(commandNamed(catalog, 'clusters/list').output.fields[0]?.name).toBe('cid');
    expect(commandNamed(catalog, 'jobs/cancel').output.fields.map(({ name }) => name)).toEqual([
      'cancelled',
      'status',
      'message',
    ]);
    expect(namesOf('jobs/show')).toEqual(['jobId']);
    for (const logs of ['apps/logs', 'services/valkey/{id}/logs']) {
      expect(namesOf(logs)).toEqual(['id', 'tail', 'since', 'pod']);
      expect(commandNamed(catalog, logs).input.flags?.map((flag) => [flag.name, flag.default])).toEqual([
        ['previous', false],
      ]);
    }
    for (const type of ['postgresql', 'valkey', 'rabbitmq']) {
      for (const name of ['add', '{id}/show', '{id}/update']) commandNamed(catalog, `services/${type}/${name}`);
    }
  });

  it('creates services with every published input at its default', async () => {
    const published = { nodeAffinityTags: [], version: '17', configType: 'custom', replicas: 1 };
    const bodies: readonly [string, object][] = [
      ['valkey', { name: 'cache1', flags: { secured: true } }],
      ['valkey', { name: 'cache1', secured: true, nodeAffinityTags: [] }],
      ['postgresql', { ...published, flags: { documentDBExtension: false, apacheAge: false, vector: false } }],
      ['postgresql', { vector: false, resourceRequirementClassId: 'postgresql.c0.small', storageMb: 10_240 }],
      ['rabbitmq', { storageMb: 2048, nodeAffinityTags: null }],
    ];
    for (const [type, body] of bodies) {
      const { status } = await harness.send('POST', `/${aid}/ky3/services/${type}`, { body: JSON.stringify(body) });
      expect([type, body, status]).toEqual([type, body, 202]);
    }
    const fields = harness.received.filter(({ subject }) => subject === 'reconciler.v1.instance-create').at(-5)?.input[
      'fields'
    ];
    expect(fields).toEqual({ name: 'cache1' });
  });

  it.each([
    ['valkey', { flags: { secured: false } }, 'flags.secured', 'only true is available'],
    ['postgresql', { vector: true }, 'vector', 'only false is available'],
    ['postgresql', { nodeAffinityTags: ['gpu'] }, 'nodeAffinityTags', 'pods of services run on any node'],
    ['valkey', { flags: { vector: false } }, 'flags.vector', 'is not a field here'],
  ])('gets the name of an unavailable input of %s: %j', async (type, body, path, message) => {
    const response = await harness.send('POST', `/${aid}/ky3/services/${type}`, { body: JSON.stringify(body) });
    expect([response.status, response.body['code']]).toEqual([400, 'request.invalid']);
    expect(JSON.stringify(response.body['issues'])).toContain(message);
    expect(JSON.stringify(response.body['issues'])).toContain(path.split('.')[0]);
  });

  it('has no command with words of another one', async () => {
    const { commands } = await catalogOf('owner');
    const paths = commands.map((command) => wordsOf(command).join(' '));
    expect(new Set(paths).size).toBe(paths.length);
  });
});

describe('the model of an existing client', () => {
  const command: Command = {
    command: 'things/show',
    description: 'Show a thing.',
    endpoint: '/:aid/:cid/things/:id',
    method: 'GET',
    input: { fields: [{ name: 'id', type: 'string', description: 'Its id.', required: true, positional: true }] },
    output: { type: 'object', fields: [{ name: 'id' }] },
  };
  const field = (name: string) => ({ name, type: 'string' as const, description: 'A text.' });
  const withFields = (...names: string[]): Command => ({
    ...command,
    input: { fields: [...command.input.fields, ...names.map(field)] },
  });

  it.each<[string, Command[]]>([
    ['hidden by', [command, { ...command, command: 'things/{id}/show' }]],
    ['lost in the group of', [{ ...command, command: 'things/show/all' }, command]],
    ['is a command of the program', [{ ...command, command: 'login/show' }]],
    ['the program has it itself', [{ ...command, command: 'services/pull' }]],
    ['--json is registered twice', [withFields('json')]],
    ['--cid is registered twice', [withFields('cid')]],
    ['--a-b is registered twice', [withFields('aB', 'a_b')]],
    ['nothing fills :id', [{ ...command, input: { fields: [] } }]],
    ['is left out of the body', [{ ...withFields('i'), method: 'POST' }]],
    ['"a_b" is no word', [{ ...command, command: 'things/a_b' }]],
  ])('reports: %s', (problem, commands) => {
    expect(treeProblems(commands)).toEqual([expect.stringContaining(problem)]);
  });

  it('accepts a command without a problem', () => {
    expect(treeProblems([command])).toEqual([]);
    expect(() => printedFields(command, 'text')).toThrow('no JSON object');
    expect(() => buildRequest(command, { aid, cid: 'ky3', values: {} })).toThrow('id is required');
  });
});
