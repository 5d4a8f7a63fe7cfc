import { headers, type NatsConnection } from '@nats-io/transport-node';
import { contracts, type RequestContract } from '@runos/contracts';
import fc from 'fast-check';
import { z } from 'zod';
import { stealNats } from '../stolen-nats.js';
import { deepJson, nearValid, type Schema } from './near-valid.js';
import type { Target } from './target.js';

const requests = contracts.filter((contract): contract is RequestContract => contract.kind === 'request');

/** Bytes that every contract refuses. */
const malformed = ['', '{', 'null', '[]', '"x"', '7', '\u0000', '['.repeat(50_000), deepJson, '{"__proto__":{"a":1}}'];

/** Inputs that the schema of a contract refuses: nearly valid and malformed ones. */
function refusedBy({ input }: RequestContract, count: number, seed: number): Uint8Array[] {
  const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as Schema;
  const near = fc.sample(nearValid(schema), { numRuns: count, seed }).map((value) => JSON.stringify(value) ?? '');
  const wrong = [...malformed, ...near].filter((text) => {
    try {
      return !input.safeParse(text === '' ? undefined : JSON.parse(text)).success;
    } catch {
      return true; // it is not JSON
    }
  });
  return [...wrong.map((text) => new Uint8Array(Buffer.from(text))), Uint8Array.from([0x22, 0xc3, 0x28, 0x22])];
}

/** The number of request contracts. */
export const requestCount = requests.length;

export interface ContractFindings {
  readonly sent: number;
  readonly wrong: readonly string[];
}

/** Sends invalid requests to every request subject, as a service with the permission to. */
export async function attackContracts(target: Target, each: number, seed: number): Promise<ContractFindings> {
  const { connectAs } = await stealNats(target.data);
  const wrong: string[] = [];
  let sent = 0;
  for (const [index, contract] of requests.entries()) {
    const [user] = contract.callers;
    if (user === undefined) throw new Error(`no service may request ${contract.subject}`);
    const connection = await connectAs(user);
    for (const data of refusedBy(contract, each, seed + index)) {
      sent += 1;
      const code = await faultCode(connection, contract.subject, data);
      if (code !== 'request.invalid')
        wrong.push(`${contract.subject}: ${code} to ${Buffer.from(data).toString().slice(0, 200)}`);
    }
    await connection.close();
  }
  return { sent, wrong };
}

/** The fault code of a reply; `none` when the request succeeded. */
async function faultCode(connection: NatsConnection, subject: string, data: Uint8Array): Promise<string> {
  const asTenant = headers();
  asTenant.set('runos-tenant', 'zzzz9');
  try {
    const answer = await connection.request(subject, data, { timeout: 10_000, headers: asTenant });
    return answer.headers?.get('runos-fault') || 'none';
  } catch (error) {
    return (error as Error).message;
  }
}
