import { Controller } from '@nestjs/common';
import { createApiKey, listApiKeys, type OperationInput, revokeApiKey, showApiKey } from '@runos/api';
import { identity } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';

@Controller()
export class ApiKeysController {
  constructor(private readonly bus: Bus) {}

  @Operation(listApiKeys)
  list(_: OperationInput<typeof listApiKeys>, { account }: CallContext) {
    return this.bus.request(identity.listApiKeys, {}, account);
  }

  @Operation(createApiKey)
  create({ body }: OperationInput<typeof createApiKey>, { account, principal, write }: CallContext) {
    const { kind, keyId, userId } = principal;
    const sessionKeyId = kind === 'session' ? keyId : undefined;
    const input = { userId, sessionKeyId, key: body, idempotency: write.idempotency };
    return this.bus.request(identity.createApiKey, input, account);
  }

  @Operation(showApiKey)
  show({ params: { id } }: OperationInput<typeof showApiKey>, { account }: CallContext) {
    return this.bus.request(identity.showApiKey, { id }, account);
  }

  @Operation(revokeApiKey)
  revoke({ params: { id } }: OperationInput<typeof revokeApiKey>, { account }: CallContext) {
    return this.bus.request(identity.revokeApiKey, { id }, account);
  }
}
