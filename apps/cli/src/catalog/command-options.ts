import {
  type CatalogCommand,
  type CatalogField,
  type CatalogFlag,
  fieldsOf,
  flagsOf,
  isPositional,
  needsCluster,
  outputFieldsOf,
  positionalsOf,
} from './catalog.js';
import { isDestructive } from './destructive.js';

/** An input of a command as an option of the command line. */
export interface CommandOption {
  /** Without hyphens: `app-id`. */
  readonly flag: string;
  /** Further spellings that are accepted. */
  readonly aliases: readonly string[];
  readonly field?: CatalogField;
  readonly switch?: CatalogFlag;
}

const renamed: Readonly<Record<string, string>> = {
  sourcePgOsid: 'source-osid',
  sourceDatabase: 'source-db',
  targetDatabase: 'target-db',
  NODE_NID: 'nid',
};

/** `appId` is `app-id`, `minIOOsid` is `min-io-osid`, `shared_buffers` is `shared-buffers`. */
export const flagName = (name: string): string =>
  renamed[name] ??
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();

const typesWithOption = ['string', 'integer', 'number', 'boolean', 'array', 'object'];

export const isLogReader = ({ command }: CatalogCommand): boolean =>
  command === 'apps/logs' || command === 'apps/{id}/logs' || /^services\/[^/]+\/(\{\w+\}\/)?logs$/.test(command);
export const canFollow = (command: CatalogCommand): boolean =>
  outputFieldsOf(command).includes('jobId') || isLogReader(command);
const takesApp = (command: CatalogCommand): boolean =>
  /\/apps\/(:id|\{id\})/.test(command.endpoint) && positionalsOf(command).some(({ name }) => name === 'id');

/** Names that this program gives to options of the command itself. */
export function ownOptions(command: CatalogCommand): ReadonlySet<string> {
  const own = ['help', 'json', 'file'];
  if (needsCluster(command)) own.push('cid');
  if (canFollow(command)) own.push('follow');
  if (isDestructive(command)) own.push('yes');
  if (takesApp(command)) own.push('app');
  return new Set(own);
}

/** The inputs as options. A name that another option has already is left out: such an input is given with --file. */
export function commandOptions(command: CatalogCommand): readonly CommandOption[] {
  const taken = new Set(ownOptions(command));
  const positionals = positionalsOf(command);
  const [only] = positionals.length === 1 ? positionals : [];
  const all: readonly CommandOption[] = [
    ...fieldsOf(command)
      .filter(({ type }) => typesWithOption.includes(type))
      .map((field) => {
        const isId = field === only && field.name.endsWith('Id');
        return { flag: flagName(field.name), aliases: [field.name, ...(isId ? ['id'] : [])], field };
      }),
    ...flagsOf(command).map((one) => ({ flag: flagName(one.name), aliases: [one.name], switch: one })),
  ];
  return all.filter(({ flag }) => !taken.has(flag) && taken.add(flag));
}

export const isSwitch = ({ field }: CommandOption): boolean => field === undefined || field.type === 'boolean';

/** Help for an option: what it means, what is allowed, what holds without it. */
export function optionDescription(command: CatalogCommand, option: CommandOption): string {
  const { field } = option;
  const text = option.field?.description ?? option.switch?.description ?? '';
  const shown: string[] = [];
  if (field?.required === true && !isPositional(command, field)) shown.push('required');
  if (field?.enum !== undefined) shown.push(`one of ${field.enum.join(', ')}`);
  const preset: unknown = field?.default ?? option.switch?.default;
  if (preset !== undefined) shown.push(`default ${typeof preset === 'string' ? preset : JSON.stringify(preset)}`);
  return shown.length === 0 ? text : `${text} (${shown.join('; ')})`.trim();
}
