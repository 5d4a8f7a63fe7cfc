import { type AgentKind, callUnary, registerService } from '@runos/agent-protocol';
import { createSigningRequest } from '@runos/pki';
import type { AgentCredentials } from '../credentials/agent-credentials.js';
import { dialRegisterPort, type ServerAddress } from '../stream/dial.js';
import { registerCa, type RegisterTrust } from './register-ca.js';

/** The agent that registers. */
export interface RegisteringAgent {
  readonly kind: AgentKind;
  readonly aid: string;
  /** Identifies the machine (for a cluster agent: the cluster) over several registrations. */
  readonly machineId: string;
  /** `<ID>-<VERSION_ID>` of the operating system, or `unknown`. */
  readonly os: string;
}

const registerTimeoutMs = 30_000;

/** Exchanges a registration token for credentials. The key is generated here and stays here. */
export async function register(
  agent: RegisteringAgent,
  token: string,
  server: ServerAddress,
  trust: RegisterTrust,
  signal?: AbortSignal,
): Promise<AgentCredentials> {
  const ca = await registerCa(trust, server, signal);
  const { keyPem, csrPem } = await createSigningRequest();
  const client = dialRegisterPort(server, ca);
  try {
    const { kind, aid, machineId, os } = agent;
    const request = { aid, token, machineId, os, csrPem, agentKind: kind };
    const issued = await callUnary(client, registerService.Register, request, registerTimeoutMs, signal);
    return { certificate: issued.publicKey, key: keyPem, ca: issued.caCert };
  } finally {
    client.close();
  }
}
