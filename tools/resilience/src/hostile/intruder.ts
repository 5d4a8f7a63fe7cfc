import { Client, credentials } from '@grpc/grpc-js';
import { agentClient } from '@runos/tool-e2e';
import { readFile } from 'node:fs/promises';
import { joinAsNode } from '../agent/join-as-node.js';
import type { Target } from './target.js';

/** The door where agents register. Close it when done. */
export const registerDoor = async ({ agentGateway }: Target): Promise<Client> =>
  new Client(agentGateway.register, credentials.createSsl(await readFile(agentGateway.ca)));

/** A node of the account's own, with a certificate that is real: the most that an intruder could have. */
export async function intruder(target: Target, machineId: string): Promise<Client> {
  return agentClient(target.agentGateway.stream, await joinAsNode(target, target.agentGateway.register, machineId));
}
