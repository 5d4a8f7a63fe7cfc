import { contracts, permissionsOf, serviceNames } from '@runos/contracts';
import { permissionsEntry } from './server-config.js';

/** The variable of nats-server's environment that holds a user's password: `agent-gateway` → `NATS_AGENT_GATEWAY`. */
export const passwordVariable = (user: string): string => `NATS_${user.replaceAll('-', '_').toUpperCase()}`;

/**
 * The users of the plane for the configuration of one's own nats-server: each may do what the contracts say of it and
 * nothing else. Passwords stay in the environment of nats-server, which
 * reads them as it reads its configuration: a word of letters, digits, `-` and `_` that begins with a letter.
 */
export function planeUsers(): string {
  const users = serviceNames.map((user) => {
    const permissions = JSON.stringify(permissionsEntry(permissionsOf(user, contracts)));
    return `    { user: ${JSON.stringify(user)}, password: $${passwordVariable(user)}, permissions: ${permissions} }`;
  });
  return `authorization {\n  users: [\n${users.join('\n')}\n  ]\n}\n`;
}
