import { callUnary, streamService } from '@runos/agent-protocol';
import { createSigningRequest } from '@runos/pki';
import { dialStreamPort, type ServerAddress, verifyCredentials } from '../stream/dial.js';
import { type AgentCredentials, certificateFacts } from './agent-credentials.js';

const renewTimeoutMs = 30_000;
/** A certificate is renewed when less than this share of its validity period remains. */
const renewalShare = 1 / 3;

/** Milliseconds until the certificate should be renewed; 0 when it should be renewed now. */
export function msUntilRenewal(certificate: string, now: Date): number {
  const { notBefore, notAfter } = certificateFacts(certificate);
  const validMs = notAfter.getTime() - notBefore.getTime();
  return Math.max(0, notAfter.getTime() - validMs * renewalShare - now.getTime());
}

/** Requests a certificate for a new key with the current credentials, and verifies that the server accepts it. */
export async function renewCertificate(
  server: ServerAddress,
  current: AgentCredentials,
  signal?: AbortSignal,
): Promise<AgentCredentials> {
  const { keyPem, csrPem } = await createSigningRequest();
  const client = dialStreamPort(server, current);
  try {
    const issued = await callUnary(client, streamService.RegenerateCertificate, { csrPem }, renewTimeoutMs, signal);
    const renewed = { certificate: issued.publicKey, key: keyPem, ca: issued.caCert };
    await verifyCredentials(server, renewed, signal);
    return renewed;
  } finally {
    client.close();
  }
}
