import { type AgentKind, callUnary, registerService } from '@runos/agent-protocol';
import { createSigningRequest } from '@runos/pki';
import type { AgentCredentials } from '../credentials/agent-credentials.js';
import { dialRegister } from '../stream/dial.js';
import { registerCa, type RegisterTrust } from './register-trust.js';
import type { ServerAddress } from './server-address.js';

/** Who asks to be let in. */
export interface Applicant {
  readonly kind: AgentKind;
  readonly aid: string;
  /** Stays the same for one machine (for a cluster agent: one cluster) over re-registrations. */
  readonly machineId: string;
  /** `<ID>-<VERSION_ID>` of the operating system, or `unknown`. */
  readonly os: string;
}

const registerMs = 30_000;

/** Turns a registration token into credentials. The key is made here and never leaves. */
export async function register(
  applicant: Applicant,
  token: string,
  server: ServerAddress,
  trust: RegisterTrust,
  signal?: AbortSignal,
): Promise<AgentCredentials> {
  const ca = await registerCa(trust, server, signal);
  const { keyPem, csrPem } = await createSigningRequest();
  const client = dialRegister(server, ca);
  try {
    const { kind, aid, machineId, os } = applicant;
    const request = { aid, token, machineId, os, csrPem, agentKind: kind };
    const issued = await callUnary(client, registerService.Register, request, registerMs, signal);
    return { certificate: issued.publicKey, key: keyPem, ca: issued.caCert };
  } finally {
    client.close();
  }
}
