import type { ServiceTypeFields } from '@runos/catalog-model';
import { postgresqlFields } from './postgresql/postgresql-fields.js';
import { rabbitmqFields } from './rabbitmq/rabbitmq-fields.js';
import { valkeyFields } from './valkey/valkey-fields.js';

const types: ServiceTypeFields[] = [postgresqlFields, rabbitmqFields, valkeyFields];

/** What clients know of all service types. A new type needs an entry in the list above. */
export const serviceTypeFields: readonly ServiceTypeFields[] = types;

/** Adds a type until the returned function is called; for tests. */
export function addServiceTypeFields(type: ServiceTypeFields): () => void {
  types.push(type);
  return () => {
    types.splice(types.indexOf(type), 1);
  };
}
