import { serviceTypeFields } from '@runos/service-types/fields';
import { sizeKeys } from './compare-size.js';
import { serviceFileOf, type ServiceFile } from './service-file.js';

type Json = Readonly<Record<string, unknown>>;

/** Whose service it is. */
export interface ServiceName {
  readonly type: string;
  readonly id: string;
  readonly cid: string;
  readonly aid: string;
}

/** The names of the types whose services have files. */
export const serviceFileTypes: readonly string[] = serviceTypeFields.map(({ type }) => type);

/**
 * The file of a service as the server has it: the fields that a create or an update has. A class is written without its
 * CPU and memory. Empty values, and those that no file of this build can hold, are left out.
 * @throws Error for a type that is not in `serviceFileTypes`
 */
export function serviceFromServer({ type, id, cid, aid }: ServiceName, shown: Json): ServiceFile {
  const serviceType = serviceTypeFields.find((each) => each.type === type);
  if (serviceType === undefined) throw new Error(`There is no service type ${type}.`);
  const { shape } = serviceFileOf(serviceType);
  const isClass = shown['resourceRequirementClassId'] !== 'custom';
  const implied = isClass ? sizeKeys.filter((name) => /^(?:cpu|memory)/.test(name)) : [];
  const fields = Object.entries(shape as Readonly<Record<string, { safeParse: (value: unknown) => Parsed }>>).flatMap(
    ([name, field]) => {
      if (['type', 'id', 'cid', 'aid', ...implied].includes(name)) return [];
      const value = name === 'requires' ? idsOf(shown[name]) : shown[name];
      return isEmpty(value) || !field.safeParse(value).success ? [] : [[name, value] as const];
    },
  );
  return { type, id, cid, aid, ...Object.fromEntries(fields) };
}

interface Parsed {
  readonly success: boolean;
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/** The server also shows the types of what a service requires. */
const idsOf = (requires: unknown): unknown =>
  Object.fromEntries(
    Object.entries((requires ?? {}) as Readonly<Record<string, Json>>).map(([alias, { id }]) => [alias, { id }]),
  );
