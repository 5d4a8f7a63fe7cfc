import { Client, credentials } from '@grpc/grpc-js';
import { callUnary, registerService } from '@runos/agent-protocol';
import { createSigningRequest } from '@runos/pki';
import { ApiClient, type PlaneInfo, type AgentCredentials } from '@runos/tool-e2e';
import { readFile } from 'node:fs/promises';

/** Registers a machine of an account at a door, and resolves with what its stream proves itself by. */
export async function joinAsNode(dev: PlaneInfo, door: string, machineId: string): Promise<AgentCredentials> {
  const api = new ApiClient(dev.apiUrl, dev.token);
  const { body } = await api.post(`/${dev.aid}/clusters/${dev.cid}/registration-tokens`, { purpose: 'node' });
  const client = new Client(door, credentials.createSsl(await readFile(dev.agentGateway.ca)));
  try {
    const { csrPem, keyPem } = await createSigningRequest();
    const asked = { aid: dev.aid, token: String(body['token']), csrPem, agentKind: 'node', machineId, os: 'x' };
    const { publicKey, caCert } = await callUnary(client, registerService.Register, asked, 10_000);
    return { ca: caCert, key: keyPem, certificate: publicKey };
  } finally {
    client.close();
  }
}
