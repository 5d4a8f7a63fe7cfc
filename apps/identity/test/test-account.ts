import type { Role } from '@runos/api';
import { type Actor, identity } from '@runos/contracts';
import type { IdentityHarness } from './harness.js';

let people = 0;
export const newEmail = () => `person-${(people += 1)}@example.com`;

/** The actor as the gateway sends it. */
export const actorWith = (role: Role): Actor => ({ kind: 'pat', id: 'k', name: 'spec', role });

/** A new account with its owner's requests, as the gateway would send them. */
export async function newOwner(plane: IdentityHarness, email = newEmail()) {
  const account = await plane.bus('operator').request(identity.createAccount, { email });
  const gateway = plane.bus('gateway');
  const { userId, keyId } = await gateway.request(identity.authenticate, { token: account.token });
  const tenant = account.aid;
  return {
    ...account,
    userId,
    firstKey: keyId,
    create: (key: object, role: Role = 'owner', idempotency?: { key: string; requestHash: string }) =>
      gateway.request(
        identity.createApiKey,
        { userId, key: { name: 'key', ...key }, idempotency },
        { tenant, actor: actorWith(role) },
      ),
    revoke: (id: string, of = tenant) =>
      gateway.request(identity.revokeApiKey, { id }, { tenant: of, actor: actorWith('owner') }),
    show: (id: string) => gateway.request(identity.showApiKey, { id }, { tenant }),
    list: async () => (await gateway.request(identity.listApiKeys, {}, { tenant })).apiKeys,
  };
}
