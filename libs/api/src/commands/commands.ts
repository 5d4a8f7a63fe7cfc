import { serviceTypes } from '@runos/service-types';
import { type Level, levels, type Role, roleAllows } from '../access/access.js';
import type { Operation } from '../operation/operation.js';
import { pathParams } from '../operation/operation.js';
import { operations } from '../operations.js';
import type { Command, CommandLevel } from './command-catalog.js';
import { commandInputOf } from './command-input.js';
import { commandOutputOf } from './command-output.js';
import { commandPathOf, endpointOf } from './command-path.js';

/** Streams are not JSON, so no command prints them. */
const hasCommand = ({ command, mediaType, access }: Operation): boolean =>
  command !== 'none' && mediaType === undefined && access !== 'public';

/** Instances of services have commands of their own for each type that has the operation. */
function ofEachType(operation: Operation): Operation[] {
  const { variants, params, path, command, ...rest } = operation;
  if (params['type'] !== pathParams.type || !path.includes('/services/')) return [operation];
  const { type: _, ...others } = params;
  return serviceTypes.flatMap(({ type }) => {
    const form = variants?.forms[type];
    if (variants !== undefined && form === undefined) return [];
    const named = (text: string): string => text.replace(':type', type);
    const options = typeof command === 'object' && command.path !== undefined ? { path: named(command.path) } : {};
    return {
      ...rest,
      path: named(path),
      params: others,
      body: form?.body ?? rest.body,
      output: form?.output ?? rest.output,
      ...(command === undefined ? {} : { command: command === 'none' ? command : { ...command, ...options } }),
    };
  });
}

/** An operation for everyone who is logged in reads. */
const levelOf = ({ access }: Operation): CommandLevel =>
  levels.find((level): level is Level => level === access) ?? 'read';

function commandOf(operation: Operation): Command {
  const output = commandOutputOf(operation);
  return {
    command: commandPathOf(operation),
    description: operation.summary,
    endpoint: endpointOf(operation),
    method: operation.method,
    mcp: [levelOf(operation)],
    input: commandInputOf(operation),
    output,
    ...(output.type === 'object' && output.fields.some(({ name }) => name === 'jobId') ? { returnsJob: true } : {}),
  };
}

/**
 * The commands that a role may call, derived from the public operations. They are in the order of their paths, so that a
 * path that begins another one comes first, as existing clients need it.
 */
export const commandsOf = (role: Role): readonly Command[] =>
  operations
    .filter(hasCommand)
    .flatMap(ofEachType)
    .filter((operation) => roleAllows(role, levelOf(operation)))
    .map(commandOf)
    .sort((a, b) => (a.command < b.command ? -1 : 1));
