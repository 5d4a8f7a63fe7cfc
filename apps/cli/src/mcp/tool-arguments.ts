import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import { fieldsOf, flagsOf } from '../catalog/catalog.js';
import { collectInputs, type Inputs, type Presets } from '../catalog/command-inputs.js';
import { usageError } from '../failure/cli-error.js';
import type { Tool } from './tool.js';

/** The arguments of a call, by name. */
export type ToolArguments = Readonly<Record<string, unknown>>;

const validator = new AjvJsonSchemaValidator();

/** @throws CliError for arguments that the published schema of the tool does not allow */
export function checkArguments({ name, inputSchema }: Tool, given: ToolArguments): void {
  const { valid, errorMessage } = validator.getValidator(inputSchema)(given);
  if (valid) return;
  const problem = errorMessage
    .replaceAll(/\bdata\b\/?/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  throw usageError(`The arguments of ${name} are wrong: ${problem}.`, {
    code: 'arguments.invalid',
    remedy: `the arguments are ${Object.keys(inputSchema.properties).join(', ') || 'none'}`,
  });
}

/** The inputs of the command or of its plan, which has the same ones. Defaults hold where nothing is given. */
export function inputsOf(command: Tool['command'], given: ToolArguments, presets: Presets): Inputs {
  const names = new Set([...fieldsOf(command), ...flagsOf(command)].map(({ name }) => name));
  const file = new Map(Object.entries(given).filter(([name]) => names.has(name)));
  return collectInputs(command, { options: new Map(), arguments: [], file }, presets);
}
