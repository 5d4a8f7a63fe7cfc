import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from './json-schema.js';
import type { Message, Messages } from './messages.js';
import { misfits } from './misfits.js';

/**
 * What keeps processes of the old version from working beside those of the new one, a sentence each. Messages and
 * fields may be added; nothing may go, and nothing may change its meaning.
 */
export function breakingChanges(before: Messages, now: Messages): string[] {
  return Object.entries(before).flatMap(([name, old]) => {
    const fresh = now[name];
    const changes = fresh === undefined ? ['it is gone'] : changesOf(old, fresh);
    return changes.map((change) => `${name}: ${change}`);
  });
}

function changesOf(old: Message, fresh: Message): string[] {
  const moved = Object.keys(old.fixed).filter((key) => !isDeepStrictEqual(old.fixed[key], fresh.fixed[key]));
  return [
    ...moved.map((key) => `${key} was ${String(old.fixed[key])} and is ${String(fresh.fixed[key])}`),
    ...pairs(old.accepted, fresh.accepted, (was, is) => [
      ...misfits(was, is).map((why) => `what was accepted is refused: ${why}`),
      ...lostFields(was, is).map((field) => `${field} is not read any more`),
    ]),
    ...pairs(old.sent, fresh.sent, (was, is) => [
      ...misfits(is, was).map((why) => `older receivers do not understand: ${why}`),
      ...lostFields(was, is).map((field) => `${field} is not sent any more`),
    ]),
  ];
}

function pairs(
  old: Readonly<Record<string, JsonSchema>>,
  fresh: Readonly<Record<string, JsonSchema>>,
  compare: (was: JsonSchema, is: JsonSchema) => string[],
): string[] {
  return Object.entries(old).flatMap(([part, was]) => {
    const is = fresh[part];
    return (is === undefined ? ['it is gone'] : compare(was, is)).map((change) => `${part}: ${change}`);
  });
}

/** Fields that the old schema names and the new one does not, wherever both are objects or lists of them. */
function lostFields(was: JsonSchema, is: JsonSchema, at = ''): string[] {
  const known = fieldsOf(is);
  return [...fieldsOf(was)].flatMap(([name, schema]) => {
    const path = at === '' ? name : `${at}.${name}`;
    const fresh = known.get(name);
    if (fresh === undefined) return [path];
    return [...new Set(schema.flatMap((one) => lostFields(one, { anyOf: fresh }, path)))];
  });
}

/** Of an object, of the items of a list, and of each alternative; a name may have several schemas. */
function fieldsOf({ properties = {}, items, anyOf, oneOf }: JsonSchema): Map<string, JsonSchema[]> {
  const found = new Map<string, JsonSchema[]>(Object.entries(properties).map(([name, field]) => [name, [field]]));
  for (const part of [...(items ? [items] : []), ...(anyOf ?? oneOf ?? [])]) {
    for (const [name, fields] of fieldsOf(part)) found.set(name, [...(found.get(name) ?? []), ...fields]);
  }
  return found;
}
