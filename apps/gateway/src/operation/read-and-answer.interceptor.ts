import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Operation } from '@runos/api';
import type { Response } from 'express';
import { Readable } from 'node:stream';
import { map, type Observable } from 'rxjs';
import { type GatewayConfig, gatewayConfigToken } from '../gateway-config.js';
import type { GatewayRequest } from '../http/gateway-request.js';
import { sendEvents } from '../http/send-events.js';
import { Call } from './call.js';
import { operationOf } from './operation-of.js';
import { readRequest } from './read-request.js';

/** A request whose input has been read: what the handler's parameters are taken from. */
export interface Prepared extends GatewayRequest {
  input: ReturnType<typeof readRequest>['input'];
  call: Call;
}

/** Reads the input before the handler and answers with what it gives back. */
@Injectable()
export class ReadAndAnswer implements NestInterceptor {
  constructor(@Inject(gatewayConfigToken) private readonly config: GatewayConfig) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<void> {
    const operation = operationOf(context);
    const http = context.switchToHttp();
    const request = http.getRequest<Prepared>();
    const response = http.getResponse<Response>();
    const { input, write } = readRequest(operation, request);
    request.input = input;
    request.call = new Call(operation, request, response, write);
    return next.handle().pipe(map((answer: unknown) => this.#answer(operation, answer, request, response)));
  }

  #answer(operation: Operation, answer: unknown, request: GatewayRequest, response: Response): void {
    if (answer === undefined) {
      response.status(204).end();
      return;
    }
    if (answer instanceof Readable) return sendEvents(answer, request, response);
    if (this.config.checkAnswers) operation.output.parse(answer);
    const generation = operation.versioned ? fieldOf(answer, 'generation') : undefined;
    if (generation !== undefined) response.set('ETag', `"${String(generation)}"`);
    // A write that had nothing to do, or could do it at once, has no job to follow.
    const done = operation.status === 202 && fieldOf(answer, 'jobId') === undefined;
    response.status(done ? 200 : operation.status).json(answer);
  }
}

const fieldOf = (answer: unknown, name: string): unknown =>
  typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>)[name] : undefined;
