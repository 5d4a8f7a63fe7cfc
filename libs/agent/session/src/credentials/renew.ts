import { callUnary, streamService } from '@runos/agent-protocol';
import { createSigningRequest } from '@runos/pki';
import type { ServerAddress } from '../registration/server-address.js';
import { dial, prove } from '../stream/dial.js';
import type { AgentCredentials } from './agent-credentials.js';

const renewMs = 30_000;

/** New credentials for a new key, asked for with the current ones and proved to work before anybody relies on them. */
export async function renew(
  server: ServerAddress,
  current: AgentCredentials,
  signal?: AbortSignal,
): Promise<AgentCredentials> {
  const { keyPem, csrPem } = await createSigningRequest();
  const client = dial(server, current);
  try {
    const issued = await callUnary(client, streamService.RegenerateCertificate, { csrPem }, renewMs, signal);
    const renewed = { certificate: issued.publicKey, key: keyPem, ca: issued.caCert };
    await prove(server, renewed, signal);
    return renewed;
  } finally {
    client.close();
  }
}
