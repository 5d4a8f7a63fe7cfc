import { Injectable } from '@nestjs/common';
import type { ChangePlan } from '@runos/api';
import type { PlannableWrite } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { z } from 'zod';
import type { CallContext, WriteConditions } from '../operation/call-context.js';

/** Sends writes to the service that stores the desired state, or their plans. */
@Injectable()
export class PlannableWrites {
  constructor(private readonly bus: Bus) {}

  /** The reply of the write, or its plan where the client requests that. `input` has no conditions: the call has them. */
  send<In extends z.ZodType, Out extends z.ZodType>(
    contract: PlannableWrite<In, Out>,
    input: Omit<z.input<In>, keyof WriteConditions>,
    { account, write, isPlan }: CallContext,
  ): Promise<z.output<Out> | ChangePlan> {
    if (!isPlan) return this.bus.request(contract, { ...input, ...write } as z.input<In>, account);
    // A plan stores nothing that a repetition could find.
    const { ifGeneration } = write;
    return this.bus.request(contract.plan, { ...input, ifGeneration } as z.input<In>, account);
  }
}
