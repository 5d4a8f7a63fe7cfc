import {
  classesOf,
  custom,
  defaultClassId,
  findClass,
  type NumberName,
  numberNames,
  numberRanges,
  type ServiceSizing,
} from '@runos/sizing';
import { z } from 'zod';
import { documentation } from './field-documentation.js';

const subjects: Readonly<Record<NumberName, string>> = {
  replicas: 'Size',
  cpuRequestMc: 'CPU request of a pod',
  cpuLimitMc: 'CPU limit of a pod',
  memoryRequestMb: 'Memory request of a pod',
  memoryLimitMb: 'Memory limit of a pod',
  storageMb: 'Storage of a replica',
};

/**
 * One number of a size. The schema accepts any number, because a value outside its range is refused by the catalog with
 * `sizing.invalid`, not with `request.invalid`. Unit and range are stated for documents. `note` is a sentence.
 */
function sizeNumber(name: NumberName, note = '', minimum: number = numberRanges[name].min) {
  const { max, unit } = numberRanges[name];
  const description = `${subjects[name]} in ${unit}.${note === '' ? '' : ` ${note}`}`;
  return z.number().register(documentation, { type: 'integer', description, unit, minimum, maximum: max });
}

/** The numbers of a size: CPU in millicores, memory and storage in MiB. A limit must be at least its request. */
export const sizeFields = {
  replicas: sizeNumber('replicas'),
  cpuRequestMc: sizeNumber('cpuRequestMc'),
  cpuLimitMc: sizeNumber('cpuLimitMc'),
  memoryRequestMb: sizeNumber('memoryRequestMb'),
  memoryLimitMb: sizeNumber('memoryLimitMb'),
  storageMb: sizeNumber('storageMb'),
};

/** The storage of an existing instance, MiB. */
export const storedMb = sizeNumber('storageMb', '0 for a type that stores nothing.', 0);

/** The class of an instance; without a sizing, that of any type. */
export function classField(sizing?: ServiceSizing, when: 'create' | 'update' = 'update') {
  const description = '`<type>.<tier>.<size>`. Numbers that differ from the class change it to `custom`.';
  const field = z.string().max(80).optional();
  if (sizing === undefined) return field.register(documentation, { description });
  return field.register(documentation, {
    description: when === 'create' ? `${description} With \`custom\`, all five numbers are needed.` : description,
    enum: [...classesOf(sizing).map(({ id }) => id), custom],
    ...(when === 'create' ? { default: defaultClassId(sizing) } : {}),
  });
}

/**
 * Class and numbers in a create or an update of a type. A type that stores nothing has no `storageMb`.
 * @throws Error when the sizing does not offer its own default class
 */
export function sizeFieldsOf(sizing: ServiceSizing, when: 'create' | 'update'): Readonly<Record<string, z.ZodType>> {
  const classId = defaultClassId(sizing);
  const defaults = findClass(sizing, classId);
  if (defaults === undefined) throw new Error(`${sizing.service} does not offer its default class ${classId}`);
  const storageNote = sizing.storageChange === 'grows' ? ' It only grows.' : ' It is fixed at creation.';
  const noteOf = (name: NumberName): string =>
    (when === 'create' ? `Default: the value of the class, ${defaults[name]} in ${classId}.` : 'Absent: unchanged.') +
    (name === 'storageMb' ? storageNote : '');
  const names = numberNames.filter((name) => defaults[name] !== null);
  return {
    resourceRequirementClassId: classField(sizing, when),
    ...Object.fromEntries(names.map((name) => [name, sizeNumber(name, noteOf(name)).optional()])),
  };
}
