import { identity } from '@runos/contracts';
import { connectOperator, type Operator } from './operator.js';

/** A plane that was just started answers within this; after it, none runs. */
const patienceMs = 5_000;

export interface CreatedAccount {
  readonly aid: string;
  readonly email: string;
  /** null for a user who existed already. */
  readonly password: string | null;
  /** A personal access token of the owner. */
  readonly token: string;
}

/** Makes an account with an owner, at identity, over NATS. Throws its Fault when that refuses or does not answer. */
export async function createAccount(operator: Operator, email: string, name?: string): Promise<CreatedAccount> {
  const { bus, stop } = connectOperator(operator);
  try {
    await bus.connector.ready(patienceMs);
    return await bus.request(identity.createAccount, { email, name });
  } finally {
    await stop();
  }
}
