import type { Command, CommandField } from '../commands/command-catalog.js';

const wordsOf = ({ command }: Command): readonly string[] =>
  command.split('/').filter((segment) => !segment.startsWith('{'));

/** The name of the tool of a command, by which clients of the Model Context Protocol call it. */
const toolNameOf = (command: Command): string => wordsOf(command).join('_');

/** A command as Markdown: its words, its request, its level, its plan among the other commands, and its inputs. */
export function commandText(command: Command, others: readonly Command[]): string {
  const { description, method, endpoint, mcp = [], returnsJob, input } = command;
  const plan = planOf(command, others);
  const facts = [
    `\`runos ${wordsOf(command).join(' ')}\``,
    `${method} ${endpoint}`,
    mcp.join(', '),
    ...(returnsJob ? ['returns a jobId'] : []),
    ...(plan === undefined ? [] : [`plan: ${toolNameOf(plan)}`]),
  ];
  const flags = (input.flags ?? []).map(
    (flag) => `- \`${flag.name}\` (switch, default ${flag.default}): ${flag.description}`,
  );
  return [`## ${toolNameOf(command)}`, description, facts.join(' · '), ...input.fields.map(fieldText), ...flags].join(
    '\n',
  );
}

/** The plan of a write is below its path; that of a deletion, which shares its path, below `delete`. */
export const planOf = ({ endpoint, method }: Command, others: readonly Command[]): Command | undefined =>
  others.find((one) => one.endpoint === `${endpoint}${method === 'DELETE' ? '/delete' : ''}/plan`);

function fieldText({
  name,
  type,
  itemType,
  required,
  default: preset,
  enum: values,
  clearable,
  ...field
}: CommandField) {
  const facts = [
    itemType === undefined ? type : `${type} of ${itemType}`,
    ...(required ? ['required'] : []),
    ...(preset === undefined ? [] : [`default ${preset}`]),
    ...(values === undefined ? [] : [`one of ${values.join(', ')}`]),
    ...(clearable ? ['null clears it'] : []),
  ];
  return `- \`${name}\` (${facts.join('; ')}): ${field.description ?? ''}`;
}
