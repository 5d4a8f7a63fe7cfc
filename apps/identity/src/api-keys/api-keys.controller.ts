import { Controller } from '@nestjs/common';
import { identity, type InputOf } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { ApiKeys } from './api-keys.js';

type Call = CallContext<'tenant'>;

@Controller()
export class ApiKeysController {
  constructor(private readonly apiKeys: ApiKeys) {}

  @Respond(identity.listApiKeys)
  async list(_input: InputOf<typeof identity.listApiKeys>, { tenant }: Call) {
    return { apiKeys: await this.apiKeys.list(tenant) };
  }

  @Respond(identity.createApiKey)
  create(input: InputOf<typeof identity.createApiKey>, { tenant, actor }: Call) {
    const { userId, sessionKeyId, key, idempotency } = input;
    // Without a role in the actor the weakest one applies, so that a missing role never grants more.
    const creator = { userId, role: actor.role ?? 'viewer', actor, sessionKeyId };
    return this.apiKeys.create(tenant, creator, key, idempotency);
  }

  @Respond(identity.showApiKey)
  show({ id }: InputOf<typeof identity.showApiKey>, { tenant }: Call) {
    return this.apiKeys.show(tenant, id);
  }

  @Respond(identity.revokeApiKey)
  revoke({ id }: InputOf<typeof identity.revokeApiKey>, { tenant, actor }: Call) {
    return this.apiKeys.revoke(tenant, id, actor);
  }
}
