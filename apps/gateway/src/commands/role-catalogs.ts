import { createHash } from 'node:crypto';
import { type CommandCatalog, commandsOf, type Role } from '@runos/api';

/** Of the form of the catalog. It rises when clients have to read it in another way. */
const formVersion = '1.0.0';

/** `1.0.0+<digest of the commands>`: equal commands have equal versions, in every replica. */
function catalogOf(role: Role): CommandCatalog {
  const commands = commandsOf(role);
  const digest = createHash('sha256').update(JSON.stringify(commands)).digest('hex').slice(0, 16);
  return { version: `${formVersion}+${digest}`, commands };
}

const catalogs = new Map<Role, CommandCatalog>();

/** The command catalog of a role; it is the same as long as the process runs. */
export function roleCatalog(role: Role): CommandCatalog {
  const found = catalogs.get(role) ?? catalogOf(role);
  catalogs.set(role, found);
  return found;
}
