import type { Command } from '../commands/command-catalog.js';
import { commandText } from './command-text.js';

/** The commands about one noun. */
export interface CommandTopic {
  /** `config-sets`, `services-valkey`: from the words of its commands. */
  readonly key: string;
  readonly title: string;
  readonly commands: readonly Command[];
}

/** Groups whose second word is the noun, with what the key then begins with. */
const nounsBelow: Readonly<Record<string, string>> = { services: 'services-', account: '' };

const isWord = (segment: string): boolean => !segment.startsWith('{');

function keyOf({ command }: Command): string {
  const [group = '', noun = '', verb] = command.split('/').filter(isWord);
  const prefix = nounsBelow[group];
  return prefix === undefined || verb === undefined ? group : `${prefix}${noun}`;
}

/** The last word of a command. */
const verbOf = ({ command }: Command): string => command.split('/').filter(isWord).at(-1) ?? '';

/** The topics of these commands, in the order of their keys. */
export function topicsOf(commands: readonly Command[]): readonly CommandTopic[] {
  const byKey = Map.groupBy(commands, keyOf);
  return [...byKey.keys()].sort().map((key) => {
    const members = byKey.get(key) ?? [];
    const verbs = [...new Set(members.map(verbOf))].sort();
    return { key, title: `${key}: ${verbs.join(', ')}`, commands: members };
  });
}

/** A topic as Markdown. */
export const topicText = ({ title, commands }: CommandTopic): string =>
  [`# ${title}`, ...commands.map((command) => commandText(command, commands))].join('\n\n');

/** The most commands of one topic that a search names. */
const maxMatches = 10;

/** Topics of which a command has at least one of the words, with those commands. The best match is the first. */
export function matchingTopics(topics: readonly CommandTopic[], keywords: string) {
  const words = [...new Set(wordsIn(keywords))];
  return topics
    .map(({ key, title, commands }) => {
      const scored = commands
        .map((command) => ({ command, score: scoreOf(command, commands, words) }))
        .filter(({ score }) => score > 0)
        .sort((a, b) => b.score - a.score);
      const names = scored.slice(0, maxMatches).map(({ command }) => command.command);
      return { best: scored[0]?.score ?? 0, topic: { key, title, commands: names } };
    })
    .filter(({ best }) => best > 0)
    .sort((a, b) => b.best - a.best)
    .map(({ topic }) => topic);
}

const wordsIn = (text: string): string[] => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];

/** The number of the words that a command has. One in its path counts twice. */
function scoreOf(command: Command, others: readonly Command[], words: readonly string[]): number {
  const path = command.command.toLowerCase();
  const text = commandText(command, others).toLowerCase();
  return words.reduce((score, word) => score + Number(text.includes(word)) + Number(path.includes(word)), 0);
}
