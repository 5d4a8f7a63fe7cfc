import { agentClient, type AgentCredentials, ApiClient, type PlaneInfo } from '@runos/tool-e2e';
import type { Target } from '../hostile/target.js';
import { Client, credentials } from '@grpc/grpc-js';
import { callUnary, registerService } from '@runos/agent-protocol';
import { createSigningRequest } from '@runos/pki';
import { readFile } from 'node:fs/promises';

/** Registers a machine of an account at an agent gateway; resolves with the credentials of its stream. */
export async function joinAsNode(dev: PlaneInfo, address: string, machineId: string): Promise<AgentCredentials> {
  const api = new ApiClient(dev.apiUrl, dev.token);
  const { body } = await api.post(`/${dev.aid}/clusters/${dev.cid}/registration-tokens`, { purpose: 'node' });
  const client = new Client(address, credentials.createSsl(await readFile(dev.agentGateway.ca)));
  try {
    const { csrPem, keyPem } = await createSigningRequest();
    const request = { aid: dev.aid, token: String(body['token']), csrPem, agentKind: 'node', machineId, os: 'x' };
    const { publicKey, caCert } = await callUnary(client, registerService.Register, request, 10_000);
    return { ca: caCert, key: keyPem, certificate: publicKey };
  } finally {
    client.close();
  }
}

/** A client of the registration endpoint. The caller closes it. */
export const registrationClient = async ({ agentGateway }: Pick<Target, 'agentGateway'>): Promise<Client> =>
  new Client(agentGateway.register, credentials.createSsl(await readFile(agentGateway.ca)));

/** A registered node of the account with a valid certificate: the most that an attacker can have. */
export async function connectAttacker(target: Target, machineId: string): Promise<Client> {
  return agentClient(target.agentGateway.stream, await joinAsNode(target, target.agentGateway.register, machineId));
}
