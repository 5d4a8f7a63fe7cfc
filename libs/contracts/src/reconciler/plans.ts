import { ChangePlan } from '@runos/api';
import type { z } from 'zod';
import { request, type RequestContract } from '../contract.js';
import { triedFromGateway } from './from-gateway.js';

type TenantRequest<In extends z.ZodType, Out extends z.ZodType> = RequestContract<In, Out, 'tenant'>;

/** A write of the desired state of an instance, and the request for its plan. */
export interface PlannableWrite<
  In extends z.ZodType = z.ZodType,
  Out extends z.ZodType = z.ZodType,
> extends TenantRequest<In, Out> {
  /** Replies with what the write would do. An idempotency key in its input has no effect. */
  readonly plan: TenantRequest<In, typeof ChangePlan>;
}

/** A write with its plan: a request with the same input, which may be repeated because it writes nothing. */
export const plannable = <In extends z.ZodType, Out extends z.ZodType>(
  write: Omit<TenantRequest<In, Out>, 'kind'>,
  planSubject = `${write.subject}-plan`,
): PlannableWrite<In, Out> => ({
  ...request(write),
  plan: request({
    ...triedFromGateway,
    subject: planSubject,
    input: write.input,
    output: ChangePlan,
    idempotent: true,
  }),
});
