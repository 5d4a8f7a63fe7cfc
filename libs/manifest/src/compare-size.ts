import { custom, findClass, numberNames, resourceNumberNames, type ServiceSizing } from '@runos/sizing';
import { changesBetween, type FieldChange, valueChanges } from './field-change.js';

/** The fields of a size in a file, and in the state of the server. */
export type SizeFields = Readonly<Record<string, unknown>>;

const classKey = 'resourceRequirementClassId';

/** The fields of a file that hold its size. */
export const sizeKeys: readonly string[] = [classKey, ...numberNames];

/**
 * The differences of two sizes. A field that the file lacks is kept, so it is no difference. A number that differs from
 * the class that the file names turns the class into `custom`, with the other numbers of that class.
 * @param sizing of the type; without it, only the numbers of the class on the server are known
 */
export function sizeChanges(file: SizeFields, server: SizeFields, sizing?: ServiceSizing): FieldChange[] {
  const named = file[classKey];
  const before = server[classKey];
  const changesOf = (values: SizeFields) =>
    numberNames
      .filter((name) => values[name] !== undefined)
      .flatMap((name) => changesBetween({ field: name, key: name, before: server[name], after: values[name] }));
  if (named === undefined) return changesOf(file);
  const numbers = named === custom ? undefined : numbersOf(named, server, sizing);
  const flipping = resourceNumberNames.filter((name) => numbers && isOther(file[name], numbers[name]));
  if (numbers === undefined || flipping.length === 0)
    return [...valueChanges({ field: 'class', key: classKey, before, after: named }), ...changesOf(file)];
  const given = Object.fromEntries(Object.entries(file).filter(([, value]) => value !== undefined));
  const all = { ...Object.fromEntries(resourceNumberNames.map((name) => [name, numbers[name]])), ...given };
  if (before === custom) return changesOf(all);
  const names = flipping.join(', ');
  const isPlural = flipping.length > 1 || names === 'replicas';
  const reason = `${names} ${isPlural ? 'differ' : 'differs'} from the class`;
  return [...changesOf(all), { field: 'class', key: classKey, kind: 'changed', before, after: custom, reason }];
}

const isOther = (value: unknown, ofClass: unknown): boolean => value !== undefined && value !== ofClass;

/** The numbers of a class: those of the server when it has that class, because its classes may be newer than these. */
function numbersOf(named: unknown, server: SizeFields, sizing: ServiceSizing | undefined): SizeFields | undefined {
  if (named === server[classKey]) return server;
  const found = sizing && findClass(sizing, String(named));
  return found && { ...found };
}
