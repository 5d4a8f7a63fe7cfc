import { serviceTypeFields } from '@runos/service-types/fields';
import { compareService } from './compare-service.js';
import { sizeKeys, type SizeFields } from './compare-size.js';
import type { FieldChange } from './field-change.js';
import { fileFault } from './manifest-fault.js';
import type { ServiceFile } from './service-file.js';

type Json = Readonly<Record<string, unknown>>;

/** What a sync of a service is to do. */
export interface ServiceSyncPlan {
  /** The fields that differ; empty: nothing is sent. */
  readonly body: Json;
  readonly changes: readonly FieldChange[];
  /** Of these, what is removed from the server. */
  readonly removals: readonly FieldChange[];
  /** Fields that differ and that are fixed at creation. */
  readonly refused: readonly FieldChange[];
}

/** @throws Error for a type that no file can be of */
const inputsOf = (type: string) => {
  const found = serviceTypeFields.find((each) => each.type === type);
  if (found === undefined) throw new Error(`There is no service type ${type}.`);
  return found.inputs;
};

const isSize = (key: string): boolean => sizeKeys.includes(key);

/**
 * The update that makes a service as its file. Fields that the file lacks are kept.
 * @param size class and numbers on the server
 */
export function planServiceSync(file: ServiceFile, server: ServiceFile, size: SizeFields): ServiceSyncPlan {
  const known = Object.keys(inputsOf(file.type).update.shape);
  const all = compareService(file, server, size);
  const canChange = ({ key }: FieldChange) => known.includes(key) && key !== 'flags';
  const changes = all.filter(canChange);
  // A class brings numbers that the file does not have; a number alone would keep them.
  const isOfClass = changes.some(({ field, key }) => field === 'class' || (isSize(key) && file[key] === undefined));
  const sizes = isOfClass ? sizeKeys.filter((key) => key !== 'storageMb' && known.includes(key)) : [];
  const keys = [...new Set([...changes.map(({ key }) => key), ...sizes])];
  return {
    body: Object.fromEntries(keys.filter((key) => file[key] !== undefined).map((key) => [key, file[key]])),
    changes,
    removals: changes.filter(({ kind }) => kind === 'only_server'),
    refused: all.filter((change) => !canChange(change)),
  };
}

/**
 * The body with which the service of a file is created.
 * @throws Fault `manifest.invalid` for a field that only an update has
 */
export function serviceCreateBody({ type, id: _id, cid: _cid, aid: _aid, ...fields }: ServiceFile): Json {
  const known = Object.keys(inputsOf(type).create.shape);
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  const unknown = given.find(([name]) => !known.includes(name));
  if (unknown !== undefined) throw fileFault(unknown[0], 'cannot be given at the creation of a service');
  return Object.fromEntries(given);
}
