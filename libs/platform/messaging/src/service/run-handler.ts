import type { MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { type CallContext, runInCall } from '../requests/call-context.js';

/** Runs a Nest handler, and handlers chained to it for the same event, to completion. */
export function runHandler(handler: MessageHandler, input: unknown, call: CallContext): Promise<unknown> {
  return runInCall(call, async () => {
    const result: unknown = await (handler(input, call) as unknown);
    return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
  });
}
