import type { Registry } from '@runos/api';
import type { RegistryRow } from '../schema/registry-row.js';

/** A registry as it is shown: without its password. */
export const registryView = (row: RegistryRow): Registry => ({
  id: row.registry_id,
  name: row.name,
  host: row.host,
  username: row.username,
  check: {
    status: row.check_status,
    ...(row.check_message === null ? {} : { message: row.check_message }),
    at: row.checked_at.toISOString(),
  },
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});
