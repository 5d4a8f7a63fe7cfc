import { describe, expect, it } from '@jest/globals';
import { roles } from '../access/access.js';
import { fieldsOf } from '../operation/json-schema.js';
import { operations } from '../operations.js';
import type { CommandField } from './command-catalog.js';
import { commandPathOf } from './command-path.js';
import { CommandCatalog } from './command-shapes.js';
import { commandsOf } from './commands.js';

const all = commandsOf('owner');

const find = (name: string) => {
  const found = all.find(({ command }) => command === name);
  if (found === undefined) throw new Error(`the catalog has no ${name}`);
  return found;
};
const field = (command: string, name: string): CommandField | undefined =>
  find(command).input.fields.find((each) => each.name === name);

describe('the commands', () => {
  it('have the form that the operation documents', () => {
    const parsed = CommandCatalog.parse({ version: '1', commands: [...all] });
    expect(parsed.commands).toEqual(all);
  });

  it('are one for each operation that is no part of the program itself', () => {
    const endpoints = new Set(all.map(({ method, endpoint }) => `${method} ${endpoint.replaceAll(/:\w+/g, ':')}`));
    const without = operations.filter(({ method, path }) => {
      const route = `${method} ${path.replace(/services\/:type/, 'services/postgresql').replaceAll(/:\w+/g, ':')}`;
      return !endpoints.has(route);
    });
    expect(without.map(({ id }) => id)).toEqual([
      'session.login',
      'session.logout',
      'account.list',
      'account.system-config',
      'job.stream',
      'cli.manifest',
      'cli.manifest-version',
      'cli.toolsets',
      'cli.whole-manifest',
      'cli.whole-manifest-version',
    ]);
  });

  it('of a stronger role contain those of a weaker one', () => {
    const [viewer = [], member = [], admin = [], owner = []] = roles.map((role) => commandsOf(role));
    expect(member).toEqual(expect.arrayContaining([...viewer]));
    expect(admin).toEqual(expect.arrayContaining([...member]));
    expect(owner).toEqual(admin);
    expect(viewer.every(({ mcp }) => mcp?.join() === 'read')).toBe(true);
  });

  it('describe each input', () => {
    const missing = all.flatMap(({ command, input: { fields, flags = [] } }) =>
      [...fields, ...flags].flatMap(({ name, description }) => (description ? [] : [`${command} ${name}`])),
    );
    expect(missing).toEqual([]);
  });

  it('describe numbers with their units and ranges', () => {
    expect(field('services/valkey/add', 'cpuLimitMc')?.description).toMatch(/millicores.* From 1 to 1024000\.$/);
    expect(field('apps/logs', 'since')?.description).toContain('seconds');
    for (const { query } of operations) {
      for (const { name, schema } of fieldsOf(query)) {
        if (schema.type === 'integer') expect([name, typeof schema['x-unit']]).toEqual([name, 'string']);
      }
    }
  });

  it('have defaults, enums, arguments and clearable fields', () => {
    expect(field('services/postgresql/add', 'version')).toMatchObject({ default: '17', enum: ['16', '17', '18'] });
    expect(field('clusters/show', 'cid')).toMatchObject({ positional: true, required: true });
    expect(field('clusters/addons/list', 'cid')).toBeUndefined();
    expect(field('apps/update', 'healthCheck')).toMatchObject({ clearable: true, enum: ['standard', 'tcp', 'none'] });
    expect(field('services/valkey/{id}/update', 'nodeAffinityTags')).toMatchObject({
      type: 'array',
      itemType: 'string',
      clearable: true,
    });
    expect(field('apps/add', 'servicePortMappings')?.itemFields?.[0]).toMatchObject({ name: 'port', type: 'integer' });
    expect(field('apps/accept', 'desired')).toMatchObject({ required: true, enum: ['plane', 'cluster'] });
    expect(field('apps/env-vars/set', 'envVars')).toMatchObject({ type: 'object', valueType: 'string' });
  });

  it('have switches as flags, which clients send in every request', () => {
    const flagsOf = (name: string) => find(name).input.flags?.map((flag) => [flag.name, flag.default]);
    expect(flagsOf('services/valkey/add')).toEqual([['secured', true]]);
    expect(field('services/valkey/add', 'secured')).toBeUndefined();
    expect(flagsOf('services/postgresql/add')).toEqual([
      ['documentDBExtension', false],
      ['apacheAge', false],
      ['vector', false],
    ]);
    expect(flagsOf('apps/accept')).toEqual([['force', false]]);
    expect(flagsOf('services/valkey/{id}/restart')).toEqual([['force', false]]);
    expect(flagsOf('apps/update')).toBeUndefined(); // clients send merge=true by themselves
    expect(flagsOf('apps/plan-update')).toEqual([['merge', true]]);
  });

  it('return a job where they change something, and read lists with columns', () => {
    expect(find('services/valkey/add')).toMatchObject({ returnsJob: true });
    expect(find('clusters/addons/list').output.fields.map(({ name }) => name)).not.toContain('jobId');
    expect(find('account/registries/list').output).toMatchObject({
      type: 'array',
      fields: expect.arrayContaining([expect.objectContaining({ name: 'check.status' })]),
    });
    expect(find('jobs/workitems').output.type).toBe('array');
    expect(find('apps/revisions/diff').output.type).toBe('object');
  });
});

describe('the path of a command', () => {
  it.each([
    ['app.env.set', '/:aid/:cid/apps/:id/env-vars', 'apps/env-vars/set'],
    ['service.create', '/:aid/:cid/services/valkey', 'services/valkey/add'],
    ['service.status', '/:aid/:cid/services/valkey/:id/status', 'services/valkey/{id}/status'],
    ['apikey.revoke', '/:aid/api-keys/:id/revoke', 'account/api-keys/revoke'],
    ['addon.install', '/:aid/clusters/:cid/addons/:name', 'clusters/addons/install'],
    ['job.workitems', '/jobs/:id/workitems', 'jobs/workitems'],
  ])('of %s follows from its id and %s', (id, path, expected) => {
    expect(commandPathOf({ id, path })).toBe(expected);
  });
});
