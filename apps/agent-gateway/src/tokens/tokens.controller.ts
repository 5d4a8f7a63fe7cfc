import { Controller } from '@nestjs/common';
import { agentGateway, identity, type InputOf } from '@runos/contracts';
import { type CallContext, Respond, Subscribe } from '@runos/messaging';
import type { z } from 'zod';
import { RegistrationTokenRepository } from './registration-token-repository.js';
import { TokenIssuer } from './token-issuer.js';

@Controller()
export class TokensController {
  constructor(
    private readonly tokens: TokenIssuer,
    private readonly repository: RegistrationTokenRepository,
  ) {}

  @Respond(agentGateway.issueRegistrationToken)
  issue(input: InputOf<typeof agentGateway.issueRegistrationToken>, { tenant, actor }: CallContext<'tenant'>) {
    return this.tokens.issue(tenant, actor, input);
  }

  @Respond(agentGateway.listRegistrationTokens)
  list({ cid }: InputOf<typeof agentGateway.listRegistrationTokens>, { tenant }: CallContext<'tenant'>) {
    return this.tokens.list(tenant, cid);
  }

  @Respond(agentGateway.revokeRegistrationToken)
  revoke({ cid, id }: InputOf<typeof agentGateway.revokeRegistrationToken>, { tenant }: CallContext<'tenant'>) {
    return this.tokens.revoke(tenant, cid, id);
  }

  /** Changed memberships need no action: each use of a token verifies its creator with identity. */
  @Subscribe(identity.accessChanged)
  async accessChanged({ keyIds }: z.output<typeof identity.accessChanged.body>): Promise<void> {
    if (keyIds.length > 0) await this.repository.revokeOfCredentials(keyIds);
  }
}
