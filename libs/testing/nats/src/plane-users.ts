import { contracts, permissionsOf, serviceNames } from '@runos/contracts';
import { permissionsEntry } from './server-config.js';

/** The environment variable of a user's password: `agent-gateway` → `NATS_AGENT_GATEWAY`. */
export const passwordVariable = (user: string): string => `NATS_${user.replaceAll('-', '_').toUpperCase()}`;

/**
 * The users of the control plane for the configuration of an external nats-server, with the permissions of their
 * contracts. nats-server reads the passwords from its environment. A password must start with a letter and consist of
 * letters, digits, `-` and `_`, because nats-server parses it as configuration.
 */
export function planeUsers(): string {
  const users = serviceNames.map((user) => {
    const permissions = JSON.stringify(permissionsEntry(permissionsOf(user, contracts)));
    return `    { user: ${JSON.stringify(user)}, password: $${passwordVariable(user)}, permissions: ${permissions} }`;
  });
  return `authorization {\n  users: [\n${users.join('\n')}\n  ]\n}\n`;
}
