import type { z } from 'zod';
import { levels, type Role } from '../access/access.js';
import type { CommandCatalog } from '../commands/command-catalog.js';
import { planOf } from './command-text.js';
import { topicsOf } from './topics.js';
import type { Bootstrap } from './topic-operations.js';

/** The catalog of a role in short, counted from its commands. */
export function bootstrapOf(role: Role, { version, commands }: CommandCatalog): z.input<typeof Bootstrap> {
  const topics = topicsOf(commands);
  const counts = levels
    .map((level) => ({ level, commands: commands.filter(({ mcp = [] }) => mcp.includes(level)).length }))
    .filter(({ commands: count }) => count > 0);
  const jobs = commands.filter(({ returnsJob }) => returnsJob).length;
  const planned = commands.filter((command) => planOf(command, commands) !== undefined).length;
  const text = [
    `The role ${role} may use ${commands.length} commands in ${topics.length} topics.`,
    ...counts.map(({ level, commands: count }) => `- Level ${level}: ${count} commands.`),
    `${jobs} commands return a jobId; jobs_show shows the job until it is completed, failed or cancelled.`,
    `${planned} writes have a plan with the same inputs, which changes nothing.`,
    'Topics, of which mcp_topics_show shows the commands and their inputs:',
    ...topics.map(({ title }) => `- ${title}`),
  ].join('\n');
  return {
    version,
    role,
    levels: counts,
    topics: topics.map(({ key, title, commands: { length } }) => ({ key, title, commands: length })),
    text,
  };
}
