import { event, request } from '@runos/contracts';
import { z } from 'zod';

/** Contracts of a plane that exists only in this package's specs. */
export const greet = request({
  subject: 'catalog.v1.greet',
  owner: 'catalog',
  callers: ['gateway'],
  scope: 'tenant',
  input: z.object({ name: z.string().min(1), times: z.int().min(1).default(1) }),
  output: z.object({ text: z.string(), tenant: z.string(), actor: z.string() }),
  deadlineMs: 10_000,
  idempotent: true,
});

export const doIt = request({
  subject: 'catalog.v1.do-it',
  owner: 'catalog',
  callers: ['gateway'],
  scope: 'plane',
  input: z.object({ how: z.string() }),
  output: z.object({ done: z.number() }),
  deadlineMs: 10_000,
  idempotent: false,
});

export const unanswered = request({ ...doIt, subject: 'catalog.v1.unanswered', deadlineMs: 500 });

export const happened = event({
  subject: 'gateway.v1.happened',
  owner: 'gateway',
  subscribers: ['catalog'],
  body: z.object({ n: z.number() }),
  delivery: 'at-most-once',
  receivers: 'every-replica',
});

export const recorded = event({
  ...happened,
  subject: 'gateway.v1.recorded',
  delivery: 'at-least-once',
  receivers: 'one-replica',
});

export const counted = event({ ...recorded, subject: 'gateway.v1.counted' });

export const specContracts = [greet, doIt, unanswered, happened, recorded, counted];
