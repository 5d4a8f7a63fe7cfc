import { bootstrapOf, type CommandTopic, type Role, topicsOf } from '@runos/api';
import { roleCatalog } from './role-catalogs.js';

/** The commands of a role by topics, and in short. */
interface RoleTopics {
  readonly bootstrap: ReturnType<typeof bootstrapOf>;
  readonly topics: readonly CommandTopic[];
}

const known = new Map<Role, RoleTopics>();

/** The topics of the catalog of a role; they are the same as long as the process runs. */
export function roleTopics(role: Role): RoleTopics {
  const catalog = roleCatalog(role);
  const found = known.get(role) ?? { bootstrap: bootstrapOf(role, catalog), topics: topicsOf(catalog.commands) };
  known.set(role, found);
  return found;
}
