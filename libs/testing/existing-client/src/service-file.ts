import { isDeepStrictEqual } from 'node:util';
import { sizes } from './app-document.js';
import { type Catalog, commandNamed } from './load-catalog.js';
import type { Row } from './wire.js';

export interface ServicePlace {
  readonly aid: string;
  readonly cid: string;
  readonly type: string;
  readonly id: string;
}

const header = ['type', 'id', 'cid', 'aid'];
/** A file with a named class has the replicas alone. */
const podSizes: readonly string[] = sizes.slice(1);

/** The name by which the file of a service is written. */
export const serviceFileName = ({ cid, type, id }: ServicePlace): string => `runos.service.${cid}.${type}.${id}.yaml`;

/** The fields of the commands that create and update, without arguments and the header. */
const fieldsOf = (catalog: Catalog, type: string): readonly string[] =>
  [`services/${type}/add`, `services/${type}/{id}/update`].flatMap((name) =>
    commandNamed(catalog, name)
      .input.fields.filter((field) => field.positional !== true && !header.includes(field.name))
      .map((field) => field.name),
  );

/** What the file of a service has of its `show` response. */
export function serviceDocument(catalog: Catalog, place: ServicePlace, shown: Row): Record<string, unknown> {
  const { aid, cid, type, id } = place;
  const rrc = shown['resourceRequirementClassId'];
  const isNamed = typeof rrc === 'string' && rrc !== 'custom';
  const names = [...new Set(fieldsOf(catalog, type))].filter((name) => !(isNamed && podSizes.includes(name)));
  const switches = (commandNamed(catalog, `services/${type}/add`).input.flags ?? []).map(({ name }) => name);
  const given = (shown['flags'] ?? {}) as Row;
  const flags = Object.fromEntries(switches.filter((name) => name in given).map((name) => [name, given[name]]));
  const fields: Record<string, unknown> = {
    ...Object.fromEntries(
      names.filter((name) => shown[name] !== undefined && shown[name] !== null).map((name) => [name, shown[name]]),
    ),
    ...(Object.keys(flags).length > 0 ? { flags } : {}),
  };
  const sorted = Object.fromEntries(
    Object.keys(fields)
      .sort()
      .map((name) => [name, fields[name]]),
  );
  return { type, id, cid, aid, ...sorted };
}

/** The changed fields that an update can write; a clearable field that was removed is sent empty. */
export function servicePatch(catalog: Catalog, local: Row, server: Row): Row {
  const { input } = commandNamed(catalog, `services/${String(local['type'])}/{id}/update`);
  const changed = input.fields.filter(
    ({ name, positional }) => positional !== true && !isDeepStrictEqual(local[name], server[name]),
  );
  return Object.fromEntries(
    changed.flatMap((field) => {
      const value = local[field.name];
      if (value !== undefined) return [[field.name, value]];
      if (!('clearable' in field) || server[field.name] === undefined) return [];
      return [[field.name, field.type === 'array' ? [] : '']];
    }),
  );
}
