import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { EventContract } from './contract.js';

/** An event on the way to its stream, as in an outbox row. The stream drops duplicates by `id`. */
export interface StoredMessage {
  readonly id: string;
  readonly subject: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** Builds the stored form of an event; `headers` carry tenant, actor and trace. */
export const storedMessage = <Body extends z.ZodType>(
  contract: EventContract<Body>,
  body: z.input<Body>,
  headers: Readonly<Record<string, string>> = {},
): StoredMessage => ({ id: randomUUID(), subject: contract.subject, body, headers });
