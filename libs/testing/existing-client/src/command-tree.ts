import type { Command, CommandField } from './command.js';
import { flagName } from './flag-name.js';

/** Commands at the top that the program has itself: a group of the catalog would hide behind them. */
const ownTopLevel =
  'login logout version update status follow run pull manifest procedures shell desktop completion help'.split(' ');

/** Commands of the program in groups that it shares with the catalog; they win. */
const ownChildren: Readonly<Record<string, string>> = {
  clusters: 'default',
  services: 'pull diff sync',
  apps: 'pull diff sync build list-previous-uploads',
  jobs: 'follow',
  config: 'env set get',
  account: 'list add switch forget',
  vms: 'ssh proxy',
};

const fieldTypes = ['string', 'integer', 'boolean', 'array', 'object'];
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const destructiveWords = /(^|-)(delete|drain|reset|revoke|remove|drop|wipe|flush|purge|evict)(-|$)/;

const isPlaceholder = (segment: string): boolean => /^\{\w+\}$/.test(segment);

/** The words that a person types. */
export const wordsOf = ({ command }: Pick<Command, 'command'>): string[] =>
  command.split('/').filter((segment) => !isPlaceholder(segment));

/** Whether a field is an argument, and no flag. */
export const isPositional = ({ command }: Pick<Command, 'command'>, { name, positional }: CommandField): boolean =>
  positional === true || command.split('/').includes(`{${name}}`);

function isDestructive(command: Command): boolean {
  const last = wordsOf(command).at(-1) ?? '';
  if (command.method === 'DELETE') return true;
  return command.method !== 'GET' && (destructiveWords.test(last) || ['clear-cache', 'set-data'].includes(last));
}

/** The flags that the program registers by itself, of which each may exist once. */
function ownFlags(command: Command): string[] {
  const { endpoint, input, output } = command;
  const hasId = input.fields.some((field) => field.name === 'id' && isPositional(command, field));
  const isLogReader = /^(apps|services\/[^/]+\/\{id\})\/logs$/.test(command.command);
  return [
    'json',
    'file',
    ...(endpoint.includes(':cid') ? ['cid'] : []),
    ...(isLogReader || output.fields.some(({ name }) => name === 'jobId') ? ['follow'] : []),
    ...(isDestructive(command) ? ['yes'] : []),
    ...(endpoint.includes('/apps/:id') && hasId ? ['app'] : []),
  ];
}

/** Why the program would end at its start with this command. */
function flagProblems(command: Command): string[] {
  const { input } = command;
  const taken = new Set(ownFlags(command));
  // An argument named `cid` is the flag that exists.
  const names = input.fields.filter((field) => !(field.name === 'cid' && isPositional(command, field)));
  return [...names, ...(input.flags ?? [])].flatMap(({ name }) => {
    const flag = flagName(name);
    if (taken.has(flag)) return [`${command.command}: --${flag} is registered twice`];
    taken.add(flag);
    return [];
  });
}

/** Fields that no request would contain, or that would change the path of one. */
function endpointProblems(command: Command): string[] {
  const { endpoint, method, input } = command;
  const placeholders = [...endpoint.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  const given = input.fields.filter((field) => isPositional(command, field)).map(({ name }) => name);
  const inBody = ['POST', 'PUT', 'PATCH'].includes(method);
  const others = input.fields.filter((field) => !isPositional(command, field)).map(({ name }) => name);
  return [
    ...placeholders
      .filter((name) => !['aid', 'cid', ...given].includes(name))
      .map((name) => `nothing fills :${name} of the endpoint`),
    ...placeholders.flatMap((a) =>
      placeholders.filter((b) => a !== b && b.startsWith(a)).map((b) => `:${a} replaces the beginning of :${b}`),
    ),
    ...(inBody ? others.filter((name) => endpoint.includes(`:${name}`)) : []).map(
      (name) => `${name} is left out of the body`,
    ),
    ...given.filter((name) => !inBody && !placeholders.includes(name)).map((name) => `${name} is sent nowhere`),
    ...(given.includes('cid') && given[0] !== 'cid' ? ['an optional argument is before another'] : []),
  ].map((problem) => `${command.command}: ${problem}`);
}

function fieldProblems(command: Command): string[] {
  return command.input.fields
    .flatMap((field) => [
      ...(fieldTypes.includes(field.type) ? [] : [`${field.name} has no flag: its type is ${field.type}`]),
      ...(typeof field.default === 'number' && field.default >= 1_000_000 ? [`${field.name} prints as 1e+06`] : []),
      ...(field.type === 'integer' && Number(field.default ?? 0) < 0 ? [`${field.name} is below 0 by default`] : []),
      ...(field.enum === undefined || field.default === undefined || field.enum.includes(String(field.default))
        ? []
        : [`${field.name} refuses its own default`]),
      ...(field.description ? [] : [`${field.name} has no help`]),
      ...(field.format === 'key_value' && field.type !== 'array' ? [`${field.name} is no list of pairs`] : []),
    ])
    .map((problem) => `${command.command}: ${problem}`);
}

function nameProblems({ command, method, description, output }: Command): string[] {
  const words = wordsOf({ command });
  const [top = '', child = ''] = words;
  return [
    // The name of a tool has `_` for each `/`, and is read back so.
    ...words.filter((word) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(word)).map((word) => `"${word}" is no word`),
    ...(ownTopLevel.includes(top) ? [`${top} is a command of the program`] : []),
    ...(words.length === 2 && (ownChildren[top] ?? '').split(' ').includes(child) ? ['the program has it itself'] : []),
    ...(methods.includes(method) ? [] : [`it cannot send ${method}`]),
    ...(description ? [] : ['it has no help']),
    ...(['object', 'array'].includes(output.type) ? [] : ['it prints the response as it is']),
    ...(output.type === 'array' && output.fields.length === 0 ? ['its table has no columns'] : []),
  ].map((problem) => `${command}: ${problem}`);
}

/** Why the program would not start, or would lose a command or an input, in the order of the catalog. */
export function treeProblems(commands: readonly Command[]): string[] {
  const seen = new Map<string, string>();
  return commands.flatMap((command) => {
    const words = wordsOf(command);
    const path = words.join(' ');
    const first = seen.get(path);
    const longer = [...seen.keys()].find((other) => other.startsWith(`${path} `));
    seen.set(path, command.command);
    return [
      ...(first === undefined ? [] : [`${command.command}: hidden by ${first}`]),
      ...(longer === undefined ? [] : [`${command.command}: lost in the group of ${longer}`]),
      ...nameProblems(command),
      ...flagProblems(command),
      ...endpointProblems(command),
      ...fieldProblems(command),
    ];
  });
}
