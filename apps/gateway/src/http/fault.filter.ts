import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { Fault, faultOf } from '@runos/kernel';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import type { Response } from 'express';
import { sendFault } from './fault-response.js';
import type { GatewayRequest } from './gateway-request.js';
import { respondUnrouted } from './unrouted.js';

/** Handles every error of the HTTP edge. An unexpected error is logged and answered as `internal` without details. */
@Catch()
export class FaultFilter implements ExceptionFilter {
  constructor(@InjectLogger() private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<GatewayRequest>();
    const response = http.getResponse<Response>();
    if (response.headersSent) {
      this.logger.warn({ err: thrown }, 'a response was aborted');
      response.destroy();
    } else if (thrown instanceof HttpException && thrown.getStatus() === 404) {
      respondUnrouted(request, response);
    } else {
      sendFault(request, response, this.#faultFor(thrown));
    }
  }

  #faultFor(thrown: unknown): Fault {
    const fault = faultOf(thrown);
    if (fault !== undefined) {
      if (fault.code === 'internal') this.logger.error({ err: fault }, 'another service failed');
      return fault;
    }
    if (isBadPath(thrown)) {
      return new Fault('route.not_found', 'No route matches: the path is not valid.');
    }
    this.logger.error({ err: thrown }, 'a request failed');
    return new Fault('internal', 'An internal error occurred.');
  }
}

/** A path that cannot be decoded: Nest forwards what Express throws. Bodies and queries are parsed by the interceptor. */
const isBadPath = (thrown: unknown): boolean => thrown instanceof HttpException && thrown.getStatus() === 400;
