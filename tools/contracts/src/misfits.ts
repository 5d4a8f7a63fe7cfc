import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from './json-schema.js';

/**
 * Why a message that the schema `sender` allows may be rejected by the schema `receiver`; empty when none is. A pair that
 * cannot be decided counts as a misfit and needs a review.
 */
export function misfits(sender: JsonSchema, receiver: JsonSchema, at = ''): string[] {
  if (isDeepStrictEqual(sender, receiver) || isAnything(receiver)) return [];
  const here = at === '' ? 'the message' : at;
  const choices = choicesOf(sender);
  if (choices) return [...new Set(choices.flatMap((choice) => misfits(choice, receiver, at)))];
  const understood = choicesOf(receiver);
  if (understood) {
    const fits = understood.some((choice) => misfits(sender, choice, at).length === 0);
    return fits ? [] : [`${here} may be ${brief(sender)}, which is none of what is understood`];
  }
  if (isAnything(sender)) return [`${here} may be anything, ${brief(receiver)} is understood`];
  const found = [
    ...ofType(sender, receiver, here),
    ...ofValues(sender, receiver, here),
    ...ofBounds(sender, receiver, here),
  ];
  if (found.length > 0) return found;
  return [...ofFields(sender, receiver, at), ...ofItems(sender, receiver, at)];
}

/** Says what a value is for, and limits nothing. */
const notes = ['description', 'title', 'default', 'examples', 'deprecated', 'id', '$comment'];
const isAnything = (schema: JsonSchema): boolean => Object.keys(schema).every((keyword) => notes.includes(keyword));

const choicesOf = ({ anyOf, oneOf }: JsonSchema): readonly JsonSchema[] | undefined => anyOf ?? oneOf;
const brief = (schema: JsonSchema): string => JSON.stringify(schema).slice(0, 120);

const typesOf = ({ type }: JsonSchema): readonly string[] => (typeof type === 'string' ? [type] : (type ?? []));

function ofType(sender: JsonSchema, receiver: JsonSchema, here: string): string[] {
  const [ours, other] = [typesOf(sender), typesOf(receiver)];
  if (other.length === 0) return [];
  const understood = (type: string): boolean =>
    other.includes(type) || (type === 'integer' && other.includes('number'));
  const strange = ours.length === 0 ? ['of any type'] : ours.filter((type) => !understood(type));
  return strange.map((type) => `${here} may be ${type}, ${other.join(' or ')} is understood`);
}

const valuesOf = (schema: JsonSchema): readonly unknown[] | undefined =>
  schema.enum ?? ('const' in schema ? [schema.const] : undefined);

function ofValues(sender: JsonSchema, receiver: JsonSchema, here: string): string[] {
  const understood = valuesOf(receiver);
  if (understood === undefined) return [];
  const values = valuesOf(sender);
  if (values === undefined)
    return [`${here} may be any ${typesOf(sender).join(' or ')}, only ${understood.join(', ')} are understood`];
  return values.filter((value) => !understood.includes(value)).map((value) => `${here} may be ${String(value)}`);
}

const lowest = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const highest = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
/** Compared as wholes: containment of patterns cannot be decided. */
const exact = ['pattern', 'format', 'multipleOf', 'contentEncoding', 'propertyNames', 'prefixItems', 'allOf', '$ref'];

function ofBounds(sender: JsonSchema, receiver: JsonSchema, here: string): string[] {
  const values = valuesOf(sender);
  if (values !== undefined) return []; // listed one by one, and compared as such
  const narrower = (keyword: string): boolean => {
    if (receiver[keyword] === undefined) return false;
    if (exact.includes(keyword)) return !isDeepStrictEqual(sender[keyword], receiver[keyword]);
    const [ours, other] = [Number(sender[keyword] ?? NaN), Number(receiver[keyword])];
    return lowest.includes(keyword) ? !(ours >= other) : !(ours <= other);
  };
  const describe = (keyword: string): string =>
    `${here} has ${keyword} ${String(sender[keyword] ?? 'none')}, ${JSON.stringify(receiver[keyword])} is understood`;
  return [...lowest, ...highest, ...exact].filter(narrower).map(describe);
}

function ofFields(sender: JsonSchema, receiver: JsonSchema, at: string): string[] {
  const { properties: fields = {}, required = [], additionalProperties: others } = sender;
  const inner = (name: string): string => (at === '' ? name : `${at}.${name}`);
  const missing = (receiver.required ?? []).filter((name) => !required.includes(name));
  const found = missing.map((name) => `${inner(name)} may be missing`);
  for (const [name, field] of Object.entries(fields)) {
    const expected = receiver.properties?.[name] ?? receiver.additionalProperties;
    if (expected === false) found.push(`${inner(name)} is not known`);
    else if (typeof expected === 'object') found.push(...misfits(field, expected, inner(name)));
  }
  if (receiver.additionalProperties === false && others !== false) found.push(`${inner('*')} may be there`);
  if (typeof receiver.additionalProperties === 'object' && typeof others === 'object') {
    found.push(...misfits(others, receiver.additionalProperties, inner('*')));
  }
  return found;
}

const ofItems = ({ items = {} }: JsonSchema, receiver: JsonSchema, at: string): string[] =>
  receiver.items === undefined ? [] : misfits(items, receiver.items, `${at}[]`);
