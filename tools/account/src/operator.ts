import { loadConfig, natsConfig, toEnvironment } from '@runos/config';
import { Bus, NatsConnector } from '@runos/messaging';
import { createLogger } from '@runos/observability';

/** How the people's tools reach a running plane: their own NATS user, which may ask little. */
export interface Operator {
  readonly natsUrl: string;
  readonly natsUser: string;
  readonly natsPassword: string;
}

export function connectOperator(operator: Operator): { bus: Bus; stop: () => Promise<void> } {
  const config = loadConfig(natsConfig, toEnvironment({ ...operator }));
  const logger = createLogger({ service: 'operator', level: 'silent' });
  const link = new NatsConnector({ service: 'operator', config, logger });
  return { bus: new Bus('operator', link), stop: () => link.stop() };
}
