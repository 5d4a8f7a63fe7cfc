import type { ExecutionContext } from '@nestjs/common';
import type { Operation } from '@runos/api';

export const operationKey = 'runos:operation';

/** The operation that a handler was declared for. */
export function operationOf(context: ExecutionContext): Operation {
  const operation = Reflect.getMetadata(operationKey, context.getHandler()) as Operation | undefined;
  if (operation === undefined) throw new Error(`${context.getHandler().name} has no @Operation`);
  return operation;
}
