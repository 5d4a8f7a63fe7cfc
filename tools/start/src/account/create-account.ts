import { loadConfig, natsConfig, toEnvironment } from '@runos/config';
import { identity } from '@runos/contracts';
import { Bus, NatsConnector } from '@runos/messaging';
import { createLogger } from '@runos/observability';

/** A plane that has just started answers within this time. */
const connectTimeoutMs = 5_000;

/** How `npm start` and the tools reach a running plane over NATS: the `operator` user, which has few permissions. */
export interface Operator {
  readonly natsUrl: string;
  readonly natsUser: string;
  readonly natsPassword: string;
}

export interface CreatedAccount {
  readonly aid: string;
  readonly email: string;
  /** null when the user existed already. */
  readonly password: string | null;
  /** A personal access token of the owner. */
  readonly token: string;
}

/**
 * Creates an account with its owner, by a request to identity over NATS.
 * @throws Fault when identity refuses the request or does not reply
 */
export async function createAccount(operator: Operator, email: string, name?: string): Promise<CreatedAccount> {
  const { bus, stop } = connectOperator(operator);
  try {
    await bus.connector.ready(connectTimeoutMs);
    return await bus.request(identity.createAccount, { email, name });
  } finally {
    await stop();
  }
}

function connectOperator(operator: Operator): { bus: Bus; stop: () => Promise<void> } {
  const config = loadConfig(natsConfig, toEnvironment({ ...operator }));
  const logger = createLogger({ service: 'operator', level: 'silent' });
  const connector = new NatsConnector({ service: 'operator', config, logger });
  return { bus: new Bus('operator', connector), stop: () => connector.stop() };
}
