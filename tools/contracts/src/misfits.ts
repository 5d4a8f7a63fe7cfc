import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from './json-schema.js';

/**
 * Why something that `said` allows may not be understood by who expects `heard`; empty when all of it is. Where it
 * cannot be told, it counts as a misfit: a person has to look.
 */
export function misfits(said: JsonSchema, heard: JsonSchema, at = ''): string[] {
  if (isDeepStrictEqual(said, heard) || isAnything(heard)) return [];
  const here = at === '' ? 'the message' : at;
  const choices = choicesOf(said);
  if (choices) return [...new Set(choices.flatMap((choice) => misfits(choice, heard, at)))];
  const understood = choicesOf(heard);
  if (understood) {
    const fits = understood.some((choice) => misfits(said, choice, at).length === 0);
    return fits ? [] : [`${here} may be ${brief(said)}, which is none of what is understood`];
  }
  if (isAnything(said)) return [`${here} may be anything, ${brief(heard)} is understood`];
  const found = [...ofType(said, heard, here), ...ofValues(said, heard, here), ...ofBounds(said, heard, here)];
  if (found.length > 0) return found;
  return [...ofFields(said, heard, at), ...ofItems(said, heard, at)];
}

/** Says what a value is for, and limits nothing. */
const notes = ['description', 'title', 'default', 'examples', 'deprecated', 'id', '$comment'];
const isAnything = (schema: JsonSchema): boolean => Object.keys(schema).every((keyword) => notes.includes(keyword));

const choicesOf = ({ anyOf, oneOf }: JsonSchema): readonly JsonSchema[] | undefined => anyOf ?? oneOf;
const brief = (schema: JsonSchema): string => JSON.stringify(schema).slice(0, 120);

const typesOf = ({ type }: JsonSchema): readonly string[] => (typeof type === 'string' ? [type] : (type ?? []));

function ofType(said: JsonSchema, heard: JsonSchema, here: string): string[] {
  const [ours, theirs] = [typesOf(said), typesOf(heard)];
  if (theirs.length === 0) return [];
  const understood = (type: string): boolean =>
    theirs.includes(type) || (type === 'integer' && theirs.includes('number'));
  const strange = ours.length === 0 ? ['of any type'] : ours.filter((type) => !understood(type));
  return strange.map((type) => `${here} may be ${type}, ${theirs.join(' or ')} is understood`);
}

const valuesOf = (schema: JsonSchema): readonly unknown[] | undefined =>
  schema.enum ?? ('const' in schema ? [schema.const] : undefined);

function ofValues(said: JsonSchema, heard: JsonSchema, here: string): string[] {
  const understood = valuesOf(heard);
  if (understood === undefined) return [];
  const values = valuesOf(said);
  if (values === undefined)
    return [`${here} may be any ${typesOf(said).join(' or ')}, only ${understood.join(', ')} are understood`];
  return values.filter((value) => !understood.includes(value)).map((value) => `${here} may be ${String(value)}`);
}

const lowest = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const highest = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
/** Compared as wholes: whether one pattern fits into another cannot be told. */
const exact = ['pattern', 'format', 'multipleOf', 'contentEncoding', 'propertyNames', 'prefixItems', 'allOf', '$ref'];

function ofBounds(said: JsonSchema, heard: JsonSchema, here: string): string[] {
  const values = valuesOf(said);
  if (values !== undefined) return []; // listed one by one, and compared as such
  const narrower = (keyword: string): boolean => {
    if (heard[keyword] === undefined) return false;
    if (exact.includes(keyword)) return !isDeepStrictEqual(said[keyword], heard[keyword]);
    const [ours, theirs] = [Number(said[keyword] ?? NaN), Number(heard[keyword])];
    return lowest.includes(keyword) ? !(ours >= theirs) : !(ours <= theirs);
  };
  const told = (keyword: string): string =>
    `${here} has ${keyword} ${String(said[keyword] ?? 'none')}, ${JSON.stringify(heard[keyword])} is understood`;
  return [...lowest, ...highest, ...exact].filter(narrower).map(told);
}

function ofFields(said: JsonSchema, heard: JsonSchema, at: string): string[] {
  const { properties: fields = {}, required = [], additionalProperties: others } = said;
  const inner = (name: string): string => (at === '' ? name : `${at}.${name}`);
  const missing = (heard.required ?? []).filter((name) => !required.includes(name));
  const found = missing.map((name) => `${inner(name)} may be missing`);
  for (const [name, field] of Object.entries(fields)) {
    const expected = heard.properties?.[name] ?? heard.additionalProperties;
    if (expected === false) found.push(`${inner(name)} is not known`);
    else if (typeof expected === 'object') found.push(...misfits(field, expected, inner(name)));
  }
  if (heard.additionalProperties === false && others !== false) found.push(`${inner('*')} may be there`);
  if (typeof heard.additionalProperties === 'object' && typeof others === 'object') {
    found.push(...misfits(others, heard.additionalProperties, inner('*')));
  }
  return found;
}

const ofItems = ({ items = {} }: JsonSchema, heard: JsonSchema, at: string): string[] =>
  heard.items === undefined ? [] : misfits(items, heard.items, `${at}[]`);
