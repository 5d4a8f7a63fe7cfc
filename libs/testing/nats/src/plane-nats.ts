import { contracts, permissionsOf, type ServiceName, serviceNames } from '@runos/contracts';
import { type TemporaryNats, temporaryNats } from './temporary-nats.js';

export interface PlaneNats extends TemporaryNats {
  /** The NATS settings of a service; replies are validated. */
  settingsOf(service: ServiceName): {
    readonly natsUrl: string;
    readonly natsUser: string;
    readonly natsPassword: string;
    readonly checkReplies: true;
  };
}

const passwordOf = (service: ServiceName): string => `${service}-password`;

/** A real NATS with one user per service and the permissions of its contracts. */
export async function planeNats(): Promise<PlaneNats> {
  const nats = await temporaryNats(
    serviceNames.map((user) => ({ user, password: passwordOf(user), ...permissionsOf(user, contracts) })),
  );
  return {
    ...nats,
    settingsOf: (service) => ({
      natsUrl: nats.url,
      natsUser: service,
      natsPassword: passwordOf(service),
      checkReplies: true,
    }),
  };
}
