import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Operation } from '@runos/api';
import type { Response } from 'express';
import { pipeline } from 'node:stream';
import { map, type Observable } from 'rxjs';
import { InjectConfig } from '@runos/messaging';
import type { GatewayConfig } from '../config.js';
import { isCurrentTag } from '../http/entity-tag.js';
import { type GatewayRequest, operationOf } from '../http/gateway-request.js';
import { CallContext } from './call-context.js';
import { FollowedResponse } from './followed-response.js';
import { parseRequest } from './parse-request.js';
import { VersionedBody } from './versioned-body.js';

/** A request with its parsed input, the source of the handler's parameters. */
export interface ParsedRequest extends GatewayRequest {
  input: ReturnType<typeof parseRequest>['input'];
  call: CallContext;
}

/** Parses the input before the handler and sends its result. */
@Injectable()
export class OperationInterceptor implements NestInterceptor {
  constructor(@InjectConfig() private readonly config: GatewayConfig) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<void> {
    const operation = operationOf(context);
    const http = context.switchToHttp();
    const request = http.getRequest<ParsedRequest>();
    const response = http.getResponse<Response>();
    const { input, write } = parseRequest(operation, request);
    request.input = input;
    request.call = new CallContext(operation, request, response, write);
    return next.handle().pipe(map((result: unknown) => this.#respond(operation, result, request, response)));
  }

  #respond(operation: Operation, found: unknown, request: GatewayRequest, response: Response): void {
    const result: unknown = found instanceof VersionedBody ? found.body : found;
    if (result === undefined) {
      response.status(204).end();
      return;
    }
    if (result instanceof FollowedResponse) return sendFollowed(result, request, response);
    if (this.config.checkReplies) operation.output.parse(result);
    const tag = fieldOf(found, operation.tagged ? 'version' : 'generation');
    if ((operation.versioned || operation.tagged) && tag !== undefined) response.set('ETag', `"${String(tag)}"`);
    if (operation.tagged) {
      response.set('Cache-Control', 'private, no-cache');
      if (isCurrentTag(request.ifNoneMatch, String(tag))) {
        response.status(304).end();
        return;
      }
    }
    // A write without effect, or completed at once, has neither a job nor a progress of its own.
    const isOpen = ['jobId', 'completedAt'].some((name) => fieldOf(result, name) !== undefined);
    response.status(operation.status === 202 && !isOpen ? 200 : operation.status).json(result);
  }
}

/** Sends a response with back-pressure; destroys the source when the client disconnects. */
function sendFollowed({ source, mediaType }: FollowedResponse, request: GatewayRequest, response: Response): void {
  response.status(200).set({ 'Content-Type': `${mediaType}; charset=utf-8`, 'X-Accel-Buffering': 'no' });
  if (request.method === 'HEAD') {
    source.destroy();
    response.end();
    return;
  }
  response.flushHeaders();
  // A failing source closes the connection and the client reconnects with its cursor. A disconnect is no error.
  pipeline(source, response, () => undefined);
}

const fieldOf = (result: unknown, name: string): unknown =>
  typeof result === 'object' && result !== null ? (result as Record<string, unknown>)[name] : undefined;
