import { contracts, permissionsOf, type ServiceName, serviceNames } from '@runos/contracts';
import { type TemporaryNats, temporaryNats } from './temporary-nats.js';

export interface PlaneNats extends TemporaryNats {
  /** How that service connects, as its settings say it; answers are checked too. */
  settingsOf(service: ServiceName): {
    readonly natsUrl: string;
    readonly natsUser: string;
    readonly natsPassword: string;
    readonly checkReplies: true;
  };
}

const passwordOf = (service: ServiceName): string => `${service}-password`;

/** A real NATS where every service of the plane has its own user, with the permissions its contracts give it. */
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
