import { documentation } from '@runos/catalog-model';
import { z } from 'zod';
import { levels, Role } from '../access/access.js';
import { operation, pathParams } from '../operation/operation.js';

const { ownAid: aid, topicKey } = pathParams;

const commandCount = z
  .number()
  .int()
  .register(documentation, { description: 'Number of commands.', unit: 'commands', minimum: 0, maximum: 10_000 });

const TopicSummary = z.object({
  key: z.string().register(documentation, { description: 'What `mcp topics show` takes.' }),
  title: z.string(),
  commands: commandCount,
});

/** The catalog of the caller in short. `text` has the same for a reader. */
export const Bootstrap = z.object({
  version: z.string(),
  role: Role,
  levels: z.array(z.object({ level: z.enum(levels), commands: commandCount })),
  topics: z.array(TopicSummary),
  text: z.string(),
});

/** `text` is Markdown: each command with its request, its level and its inputs. */
export const Topic = TopicSummary.extend({ text: z.string() });

/** A topic with the commands that match, the best first. */
export const TopicMatch = z.object({ key: z.string(), title: z.string(), commands: z.array(z.string()) });

const titles = { key: 'config-sets', title: 'config-sets: add, delete, list, show, update, versions' };

/** Existing clients call it first, and unlock their reading tools after it and two topics. */
export const showBootstrap = operation({
  id: 'mcp.bootstrap',
  method: 'GET',
  path: '/:aid/cli/mcp/bootstrap',
  access: 'read',
  summary: 'Show what the commands for the role of the caller are about: their levels, and their topics.',
  params: { aid },
  output: Bootstrap,
  command: { path: 'mcp/bootstrap' },
  examples: {
    output: {
      version: '1.0.0+5d41402abc4b2a76',
      role: 'viewer',
      levels: [{ level: 'read', commands: 96 }],
      topics: [{ ...titles, commands: 6 }],
      text: 'The role viewer may use 96 commands in 12 topics.',
    },
  },
});

export const searchTopics = operation({
  id: 'mcp.topics.search',
  method: 'GET',
  path: '/:aid/cli/mcp/topics',
  access: 'read',
  summary: 'Search the topics by words of their commands, descriptions and inputs.',
  params: { aid },
  query: z.strictObject({
    keywords: z.string().min(1).max(200).register(documentation, {
      description: 'Words that are searched, separated by spaces. A topic matches with one of them.',
    }),
  }),
  output: z.object({ topics: z.array(TopicMatch) }),
  command: { path: 'mcp/topics/search' },
  examples: { output: { topics: [{ ...titles, commands: ['account/config-sets/add'] }] } },
});

export const showTopic = operation({
  id: 'mcp.topics.show',
  method: 'GET',
  path: '/:aid/cli/mcp/topics/:key',
  access: 'read',
  summary: 'Show the commands of a topic with their inputs, as text.',
  params: { aid, key: topicKey },
  output: Topic,
  command: { path: 'mcp/topics/show' },
  examples: { output: { ...titles, commands: 6, text: '# config-sets' } },
});
