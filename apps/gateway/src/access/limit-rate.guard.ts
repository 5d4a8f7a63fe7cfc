import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { gatewayConfigToken, type GatewayConfig } from '../gateway-config.js';
import type { GatewayRequest } from '../http/gateway-request.js';
import { operationOf } from '../operation/operation-of.js';

type LimitName = 'writesPerMinute' | 'readsPerMinute';

/** So many reads and writes a minute per token; per address where no token is needed. */
@Injectable()
export class LimitRate implements CanActivate {
  readonly #limiters: Readonly<Record<LimitName, RateLimiterMemory | undefined>>;

  constructor(@Inject(gatewayConfigToken) private readonly config: GatewayConfig) {
    const limiter = (name: LimitName) =>
      config[name] === 0 ? undefined : new RateLimiterMemory({ points: config[name], duration: 60 });
    this.#limiters = { writesPerMinute: limiter('writesPerMinute'), readsPerMinute: limiter('readsPerMinute') };
  }

  async canActivate(context: ExecutionContext): Promise<true> {
    const request = context.switchToHttp().getRequest<GatewayRequest>();
    const name = operationOf(context).method === 'GET' ? 'readsPerMinute' : 'writesPerMinute';
    const key = request.user?.keyId ?? `address ${request.ip}`;
    try {
      await this.#limiters[name]?.consume(key);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      throw exceeded(name, this.config[name], Math.ceil(refusal.msBeforeNext / 1_000));
    }
    return true;
  }
}

const exceeded = (limit: LimitName, value: number, retryAfterSeconds: number): Fault =>
  new Fault(
    'limit.exceeded',
    `More than ${value} ${limit === 'writesPerMinute' ? 'writes' : 'reads'} in a minute; try again in ${retryAfterSeconds} s.`,
    { limit, value, retryAfterSeconds },
  );
