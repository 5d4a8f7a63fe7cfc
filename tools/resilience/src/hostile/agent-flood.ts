import type { Client } from '@grpc/grpc-js';
import { issueAgentCredentials, ApiClient, TestAgent, type AgentCredentials, withSql } from '@runos/tool-e2e';
import { setTimeout as sleep } from 'node:timers/promises';
import { flood } from './agent-attack.js';
import { read, type Served, servedWhile } from './served.js';
import type { Target } from './target.js';

export interface Flooded {
  /** Messages that the flooding agents got rid of. */
  readonly said: number;
  /** Heartbeats of another agent, before and meanwhile. */
  readonly calmBefore: Served;
  readonly calm: Served;
  /** An ordinary client's reads meanwhile. */
  readonly served: Served;
}

/** Some agents say as much as they are let, for a while each; another one only wants to be heard. */
export async function floodAgents(target: Target, intruders: readonly Client[], ms: number): Promise<Flooded> {
  const agent = new TestAgent(target.agentGateway.stream, await calmProof(target));
  const beat = async (): Promise<boolean> => {
    await agent.heartbeat();
    return true;
  };
  try {
    await agent.hello([]);
    const { served: calmBefore } = await servedWhile(beat, () => sleep(ms / 2));
    const { outcome, served: calm } = await servedWhile(beat, () =>
      servedWhile(
        () => read(target),
        () => Promise.all(intruders.map((client) => flood(client, ms))),
      ),
    );
    return { said: outcome.outcome.reduce((a, b) => a + b, 0), calmBefore, calm, served: outcome.served };
  } finally {
    agent.close();
  }
}

/** Of the agent of a cluster that has nothing to do with any of this. */
async function calmProof({ apiUrl, token, aid, data, databaseUrl }: Target): Promise<AgentCredentials> {
  const cid = 'calm';
  const { status } = await new ApiClient(apiUrl, token).post(`/${aid}/clusters`, { cid });
  if (status >= 300) throw new Error(`the calm cluster was answered ${status}`);
  const proofs = await withSql(databaseUrl, (sql) => issueAgentCredentials(sql, data, aid, [cid]));
  return proofs.get(cid) as AgentCredentials;
}
