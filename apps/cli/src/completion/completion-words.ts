import type { Command, Option } from 'commander';
import { cachedCatalog } from '../catalog/catalog-cache.js';
import { type CatalogCommand, positionalsOf } from '../catalog/catalog.js';
import { commandOptions } from '../catalog/command-options.js';
import { commandOfWords } from '../catalog/command-tree.js';
import { buildProgram } from '../commands/program.js';
import type { CommandContext } from '../terminal/command-context.js';
import { type Candidate, objectCandidates } from './object-candidates.js';

/** What may stand in place of the last of these words, which may be empty. Never throws: a shell shows no errors here. */
export async function completionsFor(words: readonly string[], context: CommandContext): Promise<readonly Candidate[]> {
  const current = words.at(-1) ?? '';
  try {
    const candidates = await candidatesFor(words.slice(0, -1), current, context);
    return candidates.filter(({ value }) => value.startsWith(current));
  } catch {
    return [];
  }
}

async function candidatesFor(
  before: readonly string[],
  current: string,
  context: CommandContext,
): Promise<readonly Candidate[]> {
  const catalog = cachedCatalog(context);
  const program = buildProgram(context, before, catalog);
  const { command, pending, argumentCount } = walk(program, before);
  const offered = catalog === undefined ? undefined : commandOfWords(catalog.commands, before);
  const objects = (name: string) => objectCandidates(name, offered, catalog, context);
  if (pending !== undefined) return valuesOf(pending, offered, objects);
  if (current.startsWith('-'))
    return command.options.filter((one) => !one.hidden && one.long !== undefined).map(optionOf);
  const subcommands = command.commands.map((one) => ({ value: one.name(), description: one.description() }));
  if (subcommands.length > 0) return subcommands;
  const argument =
    offered === undefined ? command.registeredArguments[argumentCount] : positionalsOf(offered)[argumentCount];
  if (argument === undefined) return [];
  return objects(typeof argument.name === 'string' ? argument.name : argument.name());
}

const optionOf = ({ long, description }: Option): Candidate => ({ value: long ?? '', description });

interface Position {
  readonly command: Command;
  /** The option whose value comes next. */
  readonly pending?: Option;
  /** Arguments that stand before the cursor. */
  readonly argumentCount: number;
}

function walk(program: Command, words: readonly string[]): Position {
  let command = program;
  let pending: Option | undefined;
  let argumentCount = 0;
  for (const word of words) {
    const isValue = pending !== undefined;
    pending = undefined;
    if (isValue) continue;
    if (word.startsWith('-')) {
      const option = command.options.find(({ long, short }) => word === long || word === short);
      if (option?.required === true) pending = option;
      continue;
    }
    const child = command.commands.find((one) => one.name() === word);
    if (child === undefined) argumentCount += 1;
    else command = child;
  }
  return { command, pending, argumentCount };
}

function valuesOf(
  { long = '', argChoices }: Option,
  offered: CatalogCommand | undefined,
  objects: (name: string) => Promise<readonly Candidate[]>,
): Promise<readonly Candidate[]> | readonly Candidate[] {
  const flag = long.slice(2);
  const field = offered === undefined ? undefined : commandOptions(offered).find((one) => one.flag === flag)?.field;
  const fixed = argChoices ?? field?.enum;
  if (fixed !== undefined) return fixed.map((value) => ({ value }));
  return flag === 'cid' ? objects('cid') : [];
}
