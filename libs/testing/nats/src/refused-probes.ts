import { once } from 'node:events';
import { createConnection } from 'node:net';
import type { PermissionProbe } from './permission-probes.js';

/** The address of a nats-server and the credentials of one of its users. */
export interface NatsLogIn {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/**
 * The probes that the server refuses with a permission violation. It accepts the others: messages have no body and no
 * reply subject.
 * @throws Error if the server does not accept the credentials
 */
export async function refusedProbes<P extends PermissionProbe>(
  { url, user, password }: NatsLogIn,
  probes: readonly P[],
): Promise<P[]> {
  const { hostname, port } = new URL(url);
  const socket = createConnection(Number(port), hostname);
  await once(socket, 'connect');
  const logIn = JSON.stringify({ user, pass: password, verbose: false, pedantic: false });
  const lines = probes.map(({ verb, subject }, index) =>
    verb === 'Publish' ? `PUB ${subject} 0\r\n` : `SUB ${subject} ${index + 1}`,
  );
  // The server replies in order, so every violation arrives before the second PONG.
  socket.write([`CONNECT ${logIn}`, 'PING', ...lines, 'PING', ''].join('\r\n'));
  let output = '';
  for await (const part of socket) {
    output += String(part);
    if (output.split('PONG').length > 2) break;
  }
  if (output.split('PONG').length <= 2) throw new Error(`NATS ended the connection of ${user}: ${output.slice(-300)}`);
  return probes.filter(({ verb, subject }) => output.includes(`Permissions Violation for ${verb} to "${subject}"`));
}
