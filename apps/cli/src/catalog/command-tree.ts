import type { CatalogCommand } from './catalog.js';

/** A word of the command line: a group of further words, a command, or both. */
export interface CommandNode {
  readonly children: Map<string, CommandNode>;
  command?: CatalogCommand;
}

/** Words of this program that the catalog cannot have at the top. */
export const reservedWords: ReadonlySet<string> = new Set(
  'login logout whoami status version follow logs manifest completion help config pull open upgrade mcp'.split(' '),
);

/** Groups that this program has too, and that the catalog may add commands to. */
const merged = new Set(['config', 'mcp']);

/** Paths that stand elsewhere on the command line. */
const moved: Readonly<Record<string, string>> = {
  'clusters/mcp/show': 'account/mcp/show',
  'clusters/mcp/update': 'account/mcp/update',
  'cli/version-check': 'version-check',
};

/** The words of a command, without placeholders: `services/postgresql/{id}/show` is `services postgresql show`. */
export const wordsOf = ({ command }: CatalogCommand): readonly string[] =>
  (moved[command] ?? command).split('/').filter((word) => word !== '' && !word.startsWith('{'));

/** The commands by their words. Of two with the same words the first one counts. */
export function commandTree(commands: readonly CatalogCommand[]): CommandNode {
  const root: CommandNode = { children: new Map() };
  for (const command of commands) {
    const words = wordsOf(command);
    const [first = ''] = words;
    if (words.length === 0 || (reservedWords.has(first) && !(merged.has(first) && words.length > 1))) continue;
    nodeAt(root, words).command ??= command;
  }
  return root;
}

function nodeAt(root: CommandNode, words: readonly string[]): CommandNode {
  let node = root;
  for (const word of words) {
    const next: CommandNode = node.children.get(word) ?? { children: new Map() };
    node.children.set(word, next);
    node = next;
  }
  return node;
}

/** The command with these words. */
export const commandAt = (root: CommandNode, words: readonly string[]): CatalogCommand | undefined =>
  words.reduce<CommandNode | undefined>((node, word) => node?.children.get(word), root)?.command;

/** The command that the words of a command line lead to; options and arguments stand between and after them. */
export function commandOfWords(
  commands: readonly CatalogCommand[],
  argv: readonly string[],
): CatalogCommand | undefined {
  let node = commandTree(commands);
  for (const word of argv) node = node.children.get(word) ?? node;
  return node.command;
}
