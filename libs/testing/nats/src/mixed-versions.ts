import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type EventContract, isStored, type permissionsOf, type RequestContract } from '@runos/contracts';
import type { NatsUser } from './accounts.js';

/** What another build exports of its contracts. */
export interface OtherContracts {
  readonly contracts: readonly (RequestContract | EventContract)[];
  readonly permissionsOf: typeof permissionsOf;
}

/** The contracts of the build in another checkout. @throws Error when it is not built */
export async function contractsOf(checkout: string): Promise<OtherContracts> {
  const module = pathToFileURL(join(resolve(checkout), 'libs/contracts/dist/index.js')).href;
  return (await import(module)) as OtherContracts;
}

/**
 * The users while processes of two builds share them: each service has the permissions of both. The other build may
 * create its stream itself, or use a subject that no longer exists.
 */
export const withPermissionsOf = (users: readonly NatsUser[], other: OtherContracts): NatsUser[] =>
  users.map((user) => (user.account === 'PLANE' ? withBoth(user, other) : user));

function withBoth(user: NatsUser, { contracts, permissionsOf }: OtherContracts): NatsUser {
  const { publish, subscribe } = permissionsOf(user.user as Parameters<typeof permissionsOf>[0], contracts);
  const stored = new Set(contracts.flatMap((each) => (each.kind === 'event' && isStored(each) ? [each.subject] : [])));
  const jetStream = publish.filter((subject) => subject.startsWith('$JS.') || stored.has(subject));
  return {
    ...user,
    publish: [...new Set([...user.publish, ...publish])],
    subscribe: [...new Set([...user.subscribe, ...subscribe])],
    jetStream: [...new Set([...user.jetStream, ...jetStream])],
  };
}
