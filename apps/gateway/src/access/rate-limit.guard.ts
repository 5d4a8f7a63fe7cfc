import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { InjectConfig } from '@runos/messaging';
import { clientNetwork } from '@runos/security';
import type { GatewayConfig } from '../config.js';
import { type GatewayRequest, operationOf } from '../http/gateway-request.js';

type LimitName = 'writesPerMinute' | 'readsPerMinute';

/** Limits reads and writes per minute and token, or per client network for operations without a token. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  readonly #limiters: Readonly<Record<LimitName, RateLimiterMemory | undefined>>;

  constructor(@InjectConfig() private readonly config: GatewayConfig) {
    const limiter = (name: LimitName) =>
      config[name] === 0 ? undefined : new RateLimiterMemory({ points: config[name], duration: 60 });
    this.#limiters = { writesPerMinute: limiter('writesPerMinute'), readsPerMinute: limiter('readsPerMinute') };
  }

  async canActivate(context: ExecutionContext): Promise<true> {
    const request = context.switchToHttp().getRequest<GatewayRequest>();
    const name = operationOf(context).method === 'GET' ? 'readsPerMinute' : 'writesPerMinute';
    const key = request.user?.keyId ?? `network ${clientNetwork(request.ip)}`;
    try {
      await this.#limiters[name]?.consume(key);
    } catch (rejection) {
      if (!(rejection instanceof RateLimiterRes)) throw rejection;
      throw exceeded(name, this.config[name], Math.ceil(rejection.msBeforeNext / 1_000));
    }
    return true;
  }
}

const exceeded = (limit: LimitName, value: number, retryAfterSeconds: number): Fault =>
  new Fault(
    'limit.exceeded',
    `More than ${value} ${limit === 'writesPerMinute' ? 'writes' : 'reads'} in a minute; retry in ${retryAfterSeconds} s.`,
    { limit, value, retryAfterSeconds },
  );
