import { serviceTypeFields } from '@runos/service-types/fields';
import { sizeChanges, sizeKeys, type SizeFields } from './compare-size.js';
import { changesBetween, type FieldChange } from './field-change.js';
import type { ServiceFile } from './service-file.js';

const header = ['type', 'id', 'cid', 'aid'];

/**
 * What differs between the file of a service and the state of the server, of the fields that the file has.
 * @param size class and numbers on the server: the file of a class has no CPU and memory
 */
export function compareService(file: ServiceFile, server: ServiceFile, size: SizeFields = server): FieldChange[] {
  const others = Object.keys(file).filter((key) => !header.includes(key) && !sizeKeys.includes(key));
  return [
    ...others
      .filter((key) => file[key] !== undefined)
      .flatMap((key) => changesBetween({ field: key, key, before: server[key], after: file[key] })),
    ...sizeChanges(file, size, serviceTypeFields.find(({ type }) => type === file.type)?.sizing),
  ];
}
