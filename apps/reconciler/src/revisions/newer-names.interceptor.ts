import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { faultOf } from '@runos/kernel';
import { NotOffered } from '@runos/service-types';
import { catchError, type Observable } from 'rxjs';
import { SpecResolver } from './spec-resolver.js';

/**
 * Answers `unavailable` for a type or version that only the build of the catalog offers, where a handler refuses it as
 * unknown. The catalog is called after the transaction of the handler, and for unknown names only.
 */
@Injectable()
export class NewerNamesInterceptor implements NestInterceptor {
  constructor(private readonly resolver: SpecResolver) {}

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(catchError((error: unknown) => this.#explain(error)));
  }

  async #explain(error: unknown): Promise<never> {
    const refusal = faultOf(error);
    if (refusal instanceof NotOffered) await this.resolver.refuseNewer(refusal.named);
    throw error;
  }
}
