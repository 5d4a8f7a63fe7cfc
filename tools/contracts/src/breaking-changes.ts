import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema, Message, Messages } from './messages.js';
import { incompatibilities } from './incompatibilities.js';

/**
 * Changes that prevent processes of the previous version from working beside processes of this one. Additions of messages
 * and fields are compatible; removals and changes of meaning are not.
 */
export function breakingChanges(before: Messages, now: Messages): string[] {
  return Object.entries(before).flatMap(([name, old]) => {
    const current = now[name];
    const changes = current === undefined ? ['was removed'] : changesOf(old, current);
    return changes.map((change) => `${name}: ${change}`);
  });
}

function changesOf(old: Message, current: Message): string[] {
  const moved = Object.keys(old.fixed).filter((key) => !isDeepStrictEqual(old.fixed[key], current.fixed[key]));
  return [
    ...moved.map((key) => `${key} was ${String(old.fixed[key])} and is ${String(current.fixed[key])}`),
    ...pairs(old.accepted, current.accepted, (was, is) => [
      ...incompatibilities(was, is).map((why) => `the receiver rejects messages that it accepted: ${why}`),
      ...lostFields(was, is).map((field) => `${field} is no longer read`),
    ]),
    ...pairs(old.sent, current.sent, (was, is) => [
      ...incompatibilities(is, was).map((why) => `older receivers reject the message: ${why}`),
      ...lostFields(was, is).map((field) => `${field} is no longer sent`),
    ]),
  ];
}

function pairs(
  old: Readonly<Record<string, JsonSchema>>,
  current: Readonly<Record<string, JsonSchema>>,
  compare: (was: JsonSchema, is: JsonSchema) => string[],
): string[] {
  return Object.entries(old).flatMap(([part, was]) => {
    const is = current[part];
    return (is === undefined ? ['was removed'] : compare(was, is)).map((change) => `${part}: ${change}`);
  });
}

/** Fields of the old schema that the new one lacks, in objects and lists at any depth. */
function lostFields(was: JsonSchema, is: JsonSchema, at = ''): string[] {
  const known = fieldsOf(is);
  return [...fieldsOf(was)].flatMap(([name, schema]) => {
    const path = at === '' ? name : `${at}.${name}`;
    const current = known.get(name);
    if (current === undefined) return [path];
    return [...new Set(schema.flatMap((one) => lostFields(one, { anyOf: current }, path)))];
  });
}

/** Fields of an object, of list items and of each alternative; one name may have several schemas. */
function fieldsOf({ properties = {}, items, anyOf, oneOf }: JsonSchema): Map<string, JsonSchema[]> {
  const found = new Map<string, JsonSchema[]>(Object.entries(properties).map(([name, field]) => [name, [field]]));
  for (const part of [...(items ? [items] : []), ...(anyOf ?? oneOf ?? [])]) {
    for (const [name, fields] of fieldsOf(part)) found.set(name, [...(found.get(name) ?? []), ...fields]);
  }
  return found;
}
