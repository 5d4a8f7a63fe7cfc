import { describe, expect, it } from '@jest/globals';
import { commandsOf } from '../commands/commands.js';
import { bootstrapOf } from './bootstrap.js';
import { matchingTopics, topicsOf, topicText } from './topics.js';

const all = commandsOf('owner');
const topics = topicsOf(all);
const named = (key: string) => {
  const found = topics.find((topic) => topic.key === key);
  if (found === undefined) throw new Error(`there is no topic ${key}`);
  return found;
};

describe('the topics', () => {
  it('have each command exactly once', () => {
    expect(
      topics
        .flatMap(({ commands }) => commands)
        .map(({ command }) => command)
        .sort(),
    ).toEqual(all.map(({ command }) => command).sort());
    expect(topics.map(({ key }) => key)).toEqual(
      expect.arrayContaining(['api-keys', 'apps', 'config-sets', 'jobs', 'mcp', 'services-postgresql', 'services']),
    );
    expect(named('config-sets').title).toBe('config-sets: add, delete, list, show, update, versions');
  });

  it('describe requests, levels, plans and inputs with units', () => {
    const text = topicText(named('services-valkey'));
    expect(text).toContain('## services_valkey_add\n');
    expect(text).toContain(
      'POST /:aid/:cid/services/valkey · write · returns a jobId · plan: services_valkey_plan-add',
    );
    expect(text).toMatch(/- `cpuLimitMc` \(integer[^)]*\): .*millicores/);
    expect(text).toContain('- `secured` (switch, default true): ');
    expect(text).toContain(
      'DELETE /:aid/:cid/services/valkey/:id · write · returns a jobId · plan: services_valkey_plan-delete',
    );
  });

  it.each([
    ['roll back a postgresql', 'services-postgresql', 'services/postgresql/{id}/rollback'],
    ['secret files', 'apps', 'apps/secret-files/list'],
    ['WORKITEM-logs', 'jobs', 'jobs/workitem-logs'],
  ])('are found by %s', (keywords, key, command) => {
    const [first] = matchingTopics(topics, keywords);
    expect([first?.key, first?.commands.length]).toEqual([key, expect.any(Number)]);
    expect(first?.commands).toContain(command);
    expect(first?.commands.length).toBeLessThanOrEqual(10);
  });

  it('are not found by other words, and by none', () => {
    expect(matchingTopics(topics, 'zebra')).toEqual([]);
    expect(matchingTopics(topics, '?!')).toEqual([]);
  });
});

describe('the bootstrap', () => {
  it('counts the commands of the role', () => {
    const { levels, topics: listed, text } = bootstrapOf('viewer', { version: '1', commands: commandsOf('viewer') });
    expect(levels).toEqual([{ level: 'read', commands: commandsOf('viewer').length }]);
    expect(listed.reduce((sum, { commands }) => sum + commands, 0)).toBe(commandsOf('viewer').length);
    expect(text).toContain(`The role viewer may use ${commandsOf('viewer').length} commands`);
    expect(bootstrapOf('owner', { version: '1', commands: all }).levels.length).toBe(4);
  });
});
