import type { RegisterService } from '@runos/agent-protocol';
import type { Logger } from '@runos/observability';
import { addressOf, forAnyone, type Handlers } from '../grpc/guarded.js';
import type { RateLimit } from '../grpc/rate-limit.js';
import { Refused } from '../grpc/refused.js';
import type { Registrar } from './registrar.js';

/** The method of the register port: the only one that needs no certificate, so it is limited by address. */
export function registerMethods(registrar: Registrar, limit: RateLimit, logger: Logger): Handlers<RegisterService> {
  return {
    Register: forAnyone(async (request, call) => {
      const address = addressOf(call.getPeer());
      if (!limit.allows(address)) throw new Refused('rate-exceeded', 'too many registrations from this address; wait');
      return registrar.register(request, address);
    }, logger),
  };
}
