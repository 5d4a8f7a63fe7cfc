import type { InstanceType, ServiceType } from '@runos/catalog-model';
import { app } from './app/app.js';
import { NotOffered } from './not-offered.js';
import { postgresql } from './postgresql/postgresql.js';
import { rabbitmq } from './rabbitmq/rabbitmq.js';
import { newerBuild } from './render-instance.js';
import { addServiceTypeFields } from './service-type-fields.js';
import { valkey } from './valkey/valkey.js';

const types: ServiceType[] = [postgresql, rabbitmq, valkey];

/** All service types. A new type is a new folder, and an entry in the list above and in that of `serviceTypeFields`. */
export const serviceTypes: readonly ServiceType[] = types;

/** The types of all instances: the services, and that of apps. */
export const instanceTypes = (): readonly InstanceType[] => [...types, app];

/** The type of instances with this name, if this build has it. */
export const findInstanceType = (name: string): InstanceType | undefined =>
  instanceTypes().find(({ type }) => type === name);

/** The type of instances with this name. @throws NotOffered as `serviceType` */
export const instanceType = (name: string): InstanceType => findInstanceType(name) ?? serviceType(name);

/** Adds a type until the returned function is called; for tests, before anything derives from the list. */
export function addServiceType(type: ServiceType): () => void {
  types.push(type);
  const removeFields = addServiceTypeFields(type);
  return () => {
    removeFields();
    types.splice(types.indexOf(type), 1);
  };
}

/**
 * The service type with this name.
 * @throws NotOffered `type.not_found`
 */
export function serviceType(name: string): ServiceType {
  const found = types.find(({ type }) => type === name);
  if (found) return found;
  const known = types.map(({ type }) => type).join(', ');
  const message = `There is no service type "${name}". Known types: ${known}.`;
  throw new NotOffered('type.not_found', message, { type: name });
}

/**
 * The type of an instance that exists.
 * @throws Fault `unavailable` when only a newer build has the type
 */
export function storedType(name: string): ServiceType {
  const found = types.find(({ type }) => type === name);
  if (found) return found;
  throw newerBuild(`service type ${name}`);
}

/** The types that require instances of this one. */
export const dependentTypes = (name: string): readonly ServiceType[] =>
  types.filter(({ requires }) => requires.some(({ type }) => type === name));

/** The types whose instances need this add-on. */
export const typesThatNeed = (addonName: string): readonly ServiceType[] =>
  types.filter(({ addons }) => addons.includes(addonName));
