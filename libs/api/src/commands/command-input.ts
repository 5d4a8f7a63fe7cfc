import type { CommandField, CommandFlag, CommandInput } from './command-catalog.js';
import { hasBody, type Operation } from '../operation/operation.js';
import { fieldsOf, propertiesOf, type SchemaField } from '../operation/json-schema.js';
import { commandField, typeOf } from './command-field.js';
import { isArgument, placeholderOf } from './command-path.js';

/** The field of a body that holds switches. */
const switches = 'flags';

const isSwitch = ({ schema: { type, enum: values } }: SchemaField): boolean =>
  type === 'boolean' || JSON.stringify(values) === '["true","false"]';

const argumentsOf = (operation: Operation): CommandField[] =>
  [...operation.path.matchAll(/:(\w+)/g)].flatMap(([, name = '']) => {
    const param = operation.params[name];
    if (param === undefined || !isArgument(operation, name)) return [];
    const { description } = param;
    return [{ name: placeholderOf(operation, name), type: 'string', description, required: true, positional: true }];
  });

/** A switch of the query. Its default is sent in every request, and means what its absence means. */
function queryFlag({ name, schema }: SchemaField, defaults: Readonly<Record<string, boolean>>): CommandFlag {
  const { description = '', default: value } = schema;
  return { name, description, default: defaults[name] ?? (value === true || value === 'true') };
}

const bodyFlag = ({ name, schema: { description = '', default: value } }: SchemaField): CommandFlag => ({
  name,
  description,
  default: value === true,
});

/**
 * Arguments, then fields, then switches. Clients send every input of a write in its body, so its query is a part of it;
 * the gateway takes it from there. A switch that a body also takes at its top level is one flag.
 */
export function commandInputOf(operation: Operation): CommandInput {
  const { command, query, body, method } = operation;
  const { setByClients = [], flags: defaults = {} } = typeof command === 'object' ? command : {};
  const ofQuery = fieldsOf(query).filter(({ name }) => !setByClients.includes(name));
  const ofBody = hasBody(method) ? fieldsOf(body) : [];
  const ofSwitches = ofBody.flatMap(({ name, schema }) => (name === switches ? propertiesOf(schema) : []));
  const flags = [...ofSwitches.map(bodyFlag), ...ofQuery.filter(isSwitch).map((field) => queryFlag(field, defaults))];
  const isField = ({ name, schema }: SchemaField): boolean =>
    name !== switches && !flags.some((flag) => flag.name === name && typeOf(schema) === 'boolean');
  const fields = [...ofBody.filter(isField), ...ofQuery.filter((field) => !isSwitch(field))].map(commandField);
  return { fields: [...argumentsOf(operation), ...fields], ...(flags.length === 0 ? {} : { flags }) };
}
