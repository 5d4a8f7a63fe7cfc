import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from './messages.js';

/**
 * Why a message that the schema `sender` allows may be rejected by the schema `receiver`; empty when none is. A pair that
 * cannot be decided counts as incompatible and needs a review.
 */
export function incompatibilities(sender: JsonSchema, receiver: JsonSchema, at = ''): string[] {
  if (isDeepStrictEqual(sender, receiver) || isAnything(receiver)) return [];
  const here = at === '' ? 'the message' : at;
  const choices = choicesOf(sender);
  if (choices) return [...new Set(choices.flatMap((choice) => incompatibilities(choice, receiver, at)))];
  const accepted = choicesOf(receiver);
  if (accepted) {
    const fits = accepted.some((choice) => incompatibilities(sender, choice, at).length === 0);
    return fits ? [] : [`${here} may be ${brief(sender)}, which the receiver does not accept`];
  }
  if (isAnything(sender)) return [`${here} may be anything, ${brief(receiver)} is accepted`];
  const found = [
    ...typeIncompatibilities(sender, receiver, here),
    ...valueIncompatibilities(sender, receiver, here),
    ...boundIncompatibilities(sender, receiver, here),
  ];
  if (found.length > 0) return found;
  return [...fieldIncompatibilities(sender, receiver, at), ...itemIncompatibilities(sender, receiver, at)];
}

/** Keywords that describe a value without restricting it. */
const notes = ['description', 'title', 'default', 'examples', 'deprecated', 'id', '$comment'];
const isAnything = (schema: JsonSchema): boolean => Object.keys(schema).every((keyword) => notes.includes(keyword));

const choicesOf = ({ anyOf, oneOf }: JsonSchema): readonly JsonSchema[] | undefined => anyOf ?? oneOf;
const brief = (schema: JsonSchema): string => JSON.stringify(schema).slice(0, 120);

const typesOf = ({ type }: JsonSchema): readonly string[] => (typeof type === 'string' ? [type] : (type ?? []));

function typeIncompatibilities(sender: JsonSchema, receiver: JsonSchema, here: string): string[] {
  const [sent, accepted] = [typesOf(sender), typesOf(receiver)];
  if (accepted.length === 0) return [];
  const isAccepted = (type: string): boolean =>
    accepted.includes(type) || (type === 'integer' && accepted.includes('number'));
  const rejected = sent.length === 0 ? ['of any type'] : sent.filter((type) => !isAccepted(type));
  return rejected.map((type) => `${here} may be ${type}, ${accepted.join(' or ')} is accepted`);
}

const valuesOf = (schema: JsonSchema): readonly unknown[] | undefined =>
  schema.enum ?? ('const' in schema ? [schema.const] : undefined);

function valueIncompatibilities(sender: JsonSchema, receiver: JsonSchema, here: string): string[] {
  const accepted = valuesOf(receiver);
  if (accepted === undefined) return [];
  const values = valuesOf(sender);
  if (values === undefined)
    return [`${here} may be any ${typesOf(sender).join(' or ')}, only ${accepted.join(', ')} are accepted`];
  return values.filter((value) => !accepted.includes(value)).map((value) => `${here} may be ${String(value)}`);
}

const lowest = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const highest = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
/** Compared as wholes: containment of patterns cannot be decided. */
const exact = ['pattern', 'format', 'multipleOf', 'contentEncoding', 'propertyNames', 'prefixItems', 'allOf', '$ref'];

function boundIncompatibilities(sender: JsonSchema, receiver: JsonSchema, here: string): string[] {
  const values = valuesOf(sender);
  if (values !== undefined) return []; // enumerated values are compared by valueIncompatibilities
  const isNarrower = (keyword: string): boolean => {
    if (receiver[keyword] === undefined) return false;
    if (exact.includes(keyword)) return !isDeepStrictEqual(sender[keyword], receiver[keyword]);
    const [sent, accepted] = [Number(sender[keyword] ?? NaN), Number(receiver[keyword])];
    return lowest.includes(keyword) ? !(sent >= accepted) : !(sent <= accepted);
  };
  const describe = (keyword: string): string =>
    `${here} has ${keyword} ${String(sender[keyword] ?? 'none')}, ${JSON.stringify(receiver[keyword])} is accepted`;
  return [...lowest, ...highest, ...exact].filter(isNarrower).map(describe);
}

function fieldIncompatibilities(sender: JsonSchema, receiver: JsonSchema, at: string): string[] {
  const { properties: fields = {}, required = [], additionalProperties: others } = sender;
  const inner = (name: string): string => (at === '' ? name : `${at}.${name}`);
  const missing = (receiver.required ?? []).filter((name) => !required.includes(name));
  const found = missing.map((name) => `${inner(name)} may be missing`);
  for (const [name, field] of Object.entries(fields)) {
    const expected = receiver.properties?.[name] ?? receiver.additionalProperties;
    if (expected === false) found.push(`${inner(name)} is unknown`);
    else if (typeof expected === 'object') found.push(...incompatibilities(field, expected, inner(name)));
  }
  if (receiver.additionalProperties === false && others !== false) found.push(`${inner('*')} may be present`);
  if (typeof receiver.additionalProperties === 'object' && typeof others === 'object') {
    found.push(...incompatibilities(others, receiver.additionalProperties, inner('*')));
  }
  return found;
}

const itemIncompatibilities = ({ items = {} }: JsonSchema, receiver: JsonSchema, at: string): string[] =>
  receiver.items === undefined ? [] : incompatibilities(items, receiver.items, `${at}[]`);
