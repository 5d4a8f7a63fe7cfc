import { Controller } from '@nestjs/common';
import { agentGateway } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import type { z } from 'zod';
import { TokenIssuer } from './token-issuer.js';

@Controller()
export class TokensController {
  constructor(private readonly tokens: TokenIssuer) {}

  @Respond(agentGateway.issueRegistrationToken)
  issue(input: z.output<typeof agentGateway.issueRegistrationToken.input>, { tenant, actor }: CallContext<'tenant'>) {
    return this.tokens.issue(tenant, actor, input);
  }
}
