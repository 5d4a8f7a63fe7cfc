import type { Level } from '@runos/api';
import { type CatalogCommand, placeholderOf } from '../catalog/catalog.js';
import { isDestructive } from '../catalog/destructive.js';
import { inputSchema, type ObjectSchema } from './input-schema.js';
import { isWriteLevel, levelNames } from './tool-levels.js';

/** A command of the catalog as a tool of the Model Context Protocol. */
export interface Tool {
  /** `services_postgresql_add`: the path of the command, without placeholders. */
  readonly name: string;
  readonly level: Level;
  readonly command: CatalogCommand;
  /** The command that shows what a write would do, where the server has one. */
  readonly plan?: CatalogCommand;
  readonly inputSchema: ObjectSchema;
}

/** Which tools a server offers. */
export interface ToolChoice {
  readonly levels: readonly Level[];
  readonly clusterId: string | undefined;
  /** Service types of the account; undefined: all of them. */
  readonly serviceTypes: readonly string[] | undefined;
}

/** The tools of these levels by name. Of two commands with one name, the first one counts, as on the command line. */
export function toolsOf(commands: readonly CatalogCommand[], choice: ToolChoice): ReadonlyMap<string, Tool> {
  const tools = new Map<string, Tool>();
  for (const command of commands) {
    const name = toolName(command);
    const level = levelNames.find((one) => choice.levels.includes(one) && command.mcp?.includes(one) === true);
    if (level === undefined || tools.has(name) || !isOfAccount(command, choice)) continue;
    const needsConfirm = isWriteLevel(level);
    const plan = needsConfirm ? planOf(command, commands) : undefined;
    const schema = inputSchema(command, { clusterId: choice.clusterId, needsConfirm });
    tools.set(name, { name, level, command, plan, inputSchema: schema });
  }
  return tools;
}

/** `services/postgresql/{id}/show` is `services_postgresql_show`. */
const toolName = ({ command }: CatalogCommand): string =>
  command
    .split('/')
    .filter((segment) => segment !== '' && placeholderOf(segment) === undefined)
    .join('_');

function isOfAccount({ command }: CatalogCommand, { serviceTypes }: ToolChoice): boolean {
  const [group, type, verb] = command.split('/');
  return serviceTypes === undefined || group !== 'services' || verb === undefined || serviceTypes.includes(type ?? '');
}

/** The server has the plan of a write below its path; that of a deletion, which shares its path, below `delete`. */
function planOf({ endpoint, method }: CatalogCommand, commands: readonly CatalogCommand[]): CatalogCommand | undefined {
  const path = `${endpoint}${method === 'DELETE' ? '/delete' : ''}/plan`;
  return commands.find((one) => one.method === 'POST' && one.endpoint === path);
}

/** A tool in the form of the protocol. */
export const definitionOf = ({ name, level, command, plan, inputSchema: schema }: Tool) => ({
  name,
  description: descriptionOf(command, isWriteLevel(level), plan !== undefined),
  inputSchema: schema as ObjectSchema & Record<string, unknown>,
  annotations: {
    title: name.replaceAll('_', ' '),
    readOnlyHint: !isWriteLevel(level),
    destructiveHint: isDestructive(command),
    idempotentHint: ['PUT', 'DELETE'].includes(command.method),
    openWorldHint: false,
  },
});

function descriptionOf({ description = '', returnsJob }: CatalogCommand, isWrite: boolean, hasPlan: boolean): string {
  const preview = hasPlan ? 'shows the plan of a dry run' : 'shows the request';
  const sentences = [
    description,
    ...(returnsJob === true ? ['The answer has a jobId: read the job with jobs_show until it has ended.'] : []),
    ...(isWrite ? [`Changes nothing without confirm: true, but ${preview}.`] : []),
  ];
  return sentences.join(' ').trim();
}
