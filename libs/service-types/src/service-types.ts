import { Fault } from '@runos/kernel';
import { postgresql } from './postgresql/postgresql.js';
import type { ServiceType } from './service-type.js';
import { valkey } from './valkey/valkey.js';

/** All service types. A new type is a new folder and an entry here. */
export const serviceTypes: readonly ServiceType[] = [postgresql, valkey];

const byName: ReadonlyMap<string, ServiceType> = new Map(serviceTypes.map((entry) => [entry.type, entry]));

/** The service type with this name. @throws Fault `type.not_found` */
export function serviceType(name: string): ServiceType {
  const found = byName.get(name);
  if (found) return found;
  const known = serviceTypes.map(({ type }) => type).join(', ');
  throw new Fault('type.not_found', `There is no service type "${name}". Known types: ${known}.`);
}
