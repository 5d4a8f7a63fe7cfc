import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { EventContract } from './contract.js';

/** An event on its way to its stream: what an outbox row holds. `id` lets the stream drop a repetition. */
export interface StoredMessage {
  readonly id: string;
  readonly subject: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** An event as it is stored; `headers` carry tenant, actor and trace as the platform wrote them. */
export const storedMessage = <Body extends z.ZodType>(
  contract: EventContract<Body>,
  body: z.input<Body>,
  headers: Readonly<Record<string, string>> = {},
): StoredMessage => ({ id: randomUUID(), subject: contract.subject, body, headers });
