import { Injectable } from '@nestjs/common';
import type { RegisterService } from '@runos/agent-protocol';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { AgentRegistration } from '../registration/agent-registration.js';
import { addressOf, type CallHandlers, unaryHandler } from './call-handler.js';
import { CallRefusal } from './call-refusal.js';
import { RateLimiter } from './rate-limiter.js';

/** Many machines behind one address may register together; guessing tokens at this rate finds none. */
const registrationRate = { calls: 2, periodSeconds: 1, burst: 58 };

/** The method of the register port. It needs no certificate, so its limit counts by address. */
@Injectable()
export class RegisterPortMethods {
  readonly handlers: CallHandlers<RegisterService>;
  readonly #limiter = new RateLimiter(registrationRate);

  constructor(registration: AgentRegistration, @InjectLogger() logger: Logger) {
    this.handlers = {
      Register: unaryHandler('anyone', logger, async (call) => {
        const address = addressOf(call.getPeer());
        if (!(await this.#limiter.allows(address)))
          throw new CallRefusal('rate-exceeded', 'too many registrations from this address; wait');
        return registration.register(call.request, address);
      }),
    };
  }
}
