import { type Command, Option } from 'commander';
import { addOutputOptions, helpEnd } from '../commands/define-command.js';
import type { CommandContext } from '../terminal/command-context.js';
import { type CatalogCommand, positionalsOf } from './catalog.js';
import {
  canFollow,
  type CommandOption,
  commandOptions,
  isSwitch,
  optionDescription,
  ownOptions,
} from './command-options.js';
import type { CommandNode } from './command-tree.js';
import { inputKey } from './input-key.js';

/** An option whose value stands under the name of its input, whatever its own name looks like. */
class InputOption extends Option {
  constructor(
    flags: string,
    description: string,
    private readonly key: string,
  ) {
    super(flags, description);
  }

  override attributeName(): string {
    return this.key;
  }
}

/**
 * Adds the commands of the catalog. Only those on the path of the command line get their
 * options: with hundreds of commands, the others would take longer than the request.
 */
export function addCatalog(
  parent: Command,
  node: CommandNode,
  words: readonly string[],
  context: CommandContext,
): void {
  for (const [name, child] of node.children) {
    const at = words.indexOf(name);
    const existing = parent.commands.find((command) => command.name() === name);
    if (existing !== undefined && child.children.size === 0) continue;
    const command = existing ?? parent.command(name).description(descriptionOf(name, child));
    if (at >= 0) addCatalog(command, child, words.slice(at + 1), context);
    if (child.command !== undefined && existing === undefined && at >= 0) defineLeaf(command, child.command, context);
  }
}

function descriptionOf(name: string, { command, children }: CommandNode): string {
  if (command !== undefined) return firstSentence(command.description ?? '');
  const verbs = [...children.keys()];
  return `${name}: ${verbs.slice(0, 6).join(', ')}${verbs.length > 6 ? ', …' : ''}`;
}

const firstSentence = (text: string): string => /^.*?[.](?=\s|$)/s.exec(text)?.[0] ?? text;

function defineLeaf(target: Command, command: CatalogCommand, context: CommandContext): void {
  const { description = '' } = command;
  target.description(description);
  for (const { name, required, description: about } of positionalsOf(command))
    target.argument(`[${name}]`, `${about ?? ''}${required === true ? '' : ' (optional)'}`);
  const positionals = positionalsOf(command).map(({ name, required }) =>
    required === true ? `<${name}>` : `[${name}]`,
  );
  target.usage([...positionals, '[options]'].join(' '));
  for (const option of commandOptions(command)) addInput(target, command, option);
  for (const option of extraOptions(command)) target.addOption(option);
  addOutputOptions(target);
  target.addHelpText('after', helpEnd(examplesOf(target, command)));
  target.action(async () => {
    const { runCommand } = await import('./run-command.js');
    return runCommand(command, target, context);
  });
}

function addInput(target: Command, command: CatalogCommand, option: CommandOption): void {
  const name = option.field?.name ?? option.switch?.name ?? '';
  const about = optionDescription(command, option);
  if (!isSwitch(option)) {
    const isList = option.field?.type === 'array' || option.field?.type === 'object';
    const input = new InputOption(
      `--${option.flag} <${isList ? 'value...' : option.field?.type}>`,
      about,
      inputKey(name),
    );
    // Each text of its own: a list that takes all following words would take the arguments too.
    input.variadic = false;
    input.argParser((text: string, before?: string[]) => [...(before ?? []), text]);
    target.addOption(input);
    return;
  }
  target.addOption(new InputOption(`--${option.flag}`, about, inputKey(name)));
  if (!option.flag.startsWith('no-'))
    target.addOption(new InputOption(`--no-${option.flag}`, '', inputKey(name)).hideHelp());
}

function extraOptions(command: CatalogCommand): readonly Option[] {
  const own = ownOptions(command);
  const all: readonly [string, Option][] = [
    ['cid', new Option('--cid <cid>', 'the cluster; by default the chosen one')],
    ['app', new Option('--app <id>', 'the app, instead of the argument')],
    ['follow', new Option('--follow', canFollow(command) ? 'stay until it is done' : '')],
    ['yes', new Option('-y, --yes', 'skip the confirmation')],
  ];
  const file = new Option('-f, --file <file>', 'read inputs from a YAML or JSON file; - is standard input');
  return [
    ...all.filter(([name]) => own.has(name)).map(([, option]) => option),
    ...(command.input === undefined ? [] : [file]),
  ];
}

/** One command line with what is required, and one with a job to follow. */
function examplesOf(target: Command, command: CatalogCommand): readonly string[] {
  const names: string[] = [];
  for (let one: Command | null = target; one !== null; one = one.parent) names.unshift(one.name());
  const required = commandOptions(command).filter(
    ({ field }) => field?.required === true && !positionalsOf(command).includes(field),
  );
  const options = required.map(
    ({ flag, field }) => `--${flag} ${field?.enum?.[0] ?? (field?.type ?? '').toUpperCase()}`,
  );
  const line = [...names, ...positionalsOf(command).map(({ name }) => name.toUpperCase()), ...options].join(' ');
  return canFollow(command) ? [line, `${line} --follow`] : [line];
}
