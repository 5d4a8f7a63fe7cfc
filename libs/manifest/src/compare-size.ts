import { numberNames } from '@runos/sizing';
import { changesBetween, type FieldChange, valueChanges } from './field-change.js';

/** The fields of a size in a file, and in the state of the server. */
export type SizeFields = Readonly<Record<string, unknown>>;

const custom = 'custom';
const classKey = 'resourceRequirementClassId';

/** The fields of a file that hold its size. */
export const sizeKeys: readonly string[] = [classKey, ...numberNames];

/** Numbers that a class has. Storage is beside it. */
const classNumbers = numberNames.filter((name) => name !== 'storageMb');

/**
 * The differences of two sizes. A field that the file lacks is kept, so it is no difference. A number that differs from
 * the class that the file names turns the class into `custom`.
 */
export function sizeChanges(file: SizeFields, server: SizeFields): FieldChange[] {
  const named = file[classKey];
  const before = server[classKey];
  const numbers = numberNames
    .filter((name) => file[name] !== undefined)
    .flatMap((name) => changesBetween({ field: name, key: name, before: server[name], after: file[name] }));
  if (named === undefined) return numbers;
  const flipping = numbers.filter(({ field }) => classNumbers.some((name) => name === field));
  if (named === before && named !== custom && flipping.length > 0) {
    const names = flipping.map(({ field }) => field).join(', ');
    const isPlural = flipping.length > 1 || names === 'replicas';
    const reason = `${names} ${isPlural ? 'differ' : 'differs'} from the class`;
    return [...numbers, { field: 'class', key: classKey, kind: 'changed', before, after: custom, reason }];
  }
  return [...valueChanges({ field: 'class', key: classKey, before, after: named }), ...numbers];
}
