import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { type RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { InjectConfig } from '@runos/messaging';
import { clientNetwork } from '@runos/security';
import type { GatewayConfig } from '../config.js';
import { type GatewayRequest, operationOf } from '../http/gateway-request.js';
import { minuteLimit, retryAfterSeconds } from './minute-limit.js';

type LimitName = 'writesPerMinute' | 'readsPerMinute';

/** Limits reads and writes per minute and token, or per client network for operations without a token. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  readonly #limiters: Readonly<Record<LimitName, RateLimiterMemory | undefined>>;

  constructor(@InjectConfig() private readonly config: GatewayConfig) {
    const { writesPerMinute, readsPerMinute } = config;
    this.#limiters = { writesPerMinute: minuteLimit(writesPerMinute), readsPerMinute: minuteLimit(readsPerMinute) };
  }

  async canActivate(context: ExecutionContext): Promise<true> {
    const request = context.switchToHttp().getRequest<GatewayRequest>();
    const name = operationOf(context).method === 'GET' ? 'readsPerMinute' : 'writesPerMinute';
    const key = request.user?.keyId ?? `network ${clientNetwork(request.ip)}`;
    try {
      await this.#limiters[name]?.consume(key);
    } catch (rejection) {
      if (!(rejection instanceof RateLimiterRes)) throw rejection;
      throw exceeded(name, this.config[name], retryAfterSeconds(rejection));
    }
    return true;
  }
}

const exceeded = (limit: LimitName, value: number, seconds: number): Fault =>
  new Fault(
    'limit.exceeded',
    `More than ${value} ${limit === 'writesPerMinute' ? 'writes' : 'reads'} in a minute; retry in ${seconds} s.`,
    { limit, value, retryAfterSeconds: seconds },
  );
