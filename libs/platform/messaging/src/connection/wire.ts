import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { Actor } from '@runos/contracts';
import { Fault, type FaultBody, faultStatus } from '@runos/kernel';
import { type Carrier, traceHeaders } from '@runos/observability';

/** Message headers. A reply with the header `fault` has a FaultBody as its body. */
export const header = {
  tenant: 'runos-tenant',
  actor: 'runos-actor',
  deadline: 'runos-deadline-ms',
  fault: 'runos-fault',
  /** Identifies a request; all its attempts share it. */
  request: 'runos-request',
} as const;

const traceNames = ['traceparent', 'tracestate'] as const;

export interface MessageContext {
  readonly tenant?: string;
  readonly actor?: Actor;
  readonly deadlineMs?: number;
}

/** Tenant, actor, deadline and the current trace as plain headers, for a message or an outbox row. */
export function headersOf({ tenant, actor, deadlineMs }: MessageContext): Record<string, string> {
  return {
    ...traceHeaders(),
    ...(tenant === undefined ? {} : { [header.tenant]: tenant }),
    ...(actor === undefined ? {} : { [header.actor]: JSON.stringify(actor) }),
    ...(deadlineMs === undefined ? {} : { [header.deadline]: String(Math.round(deadlineMs)) }),
  };
}

/** Headers in the form of the NATS client. */
export function toNats(plain: Readonly<Record<string, string>>): MsgHdrs {
  const hdrs = headers();
  for (const [name, value] of Object.entries(plain)) hdrs.set(name, value);
  return hdrs;
}

/** The W3C trace context of a message, empty when it has none. */
export function traceCarrier(hdrs: MsgHdrs | undefined): Carrier {
  const carrier: Carrier = {};
  for (const name of traceNames) if (hdrs?.has(name)) carrier[name] = hdrs.get(name);
  return carrier;
}

/** @throws Fault `request.invalid` */
export function contextOf(hdrs: MsgHdrs | undefined): MessageContext {
  const text = (name: string) => (hdrs?.has(name) ? hdrs.get(name) : undefined);
  const actor = text(header.actor);
  const deadline = Number(text(header.deadline));
  return {
    tenant: text(header.tenant),
    actor: actor === undefined ? undefined : actorIn(actor),
    deadlineMs: Number.isFinite(deadline) && deadline > 0 ? deadline : undefined,
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A malformed message is the sender's fault. */
const malformed = (what: string, why: string): Fault =>
  new Fault('request.invalid', `${what}: ${why}`, { issues: [{ path: '', message: `${what}: ${why}` }] });

function jsonIn(text: () => string, what: string): unknown {
  try {
    return JSON.parse(text());
  } catch (error) {
    throw malformed(what, `is not JSON in UTF-8: ${(error as Error).message}`);
  }
}

function actorIn(text: string): Actor {
  const parsed = Actor.safeParse(jsonIn(() => text, header.actor));
  if (parsed.success) return parsed.data;
  throw malformed(header.actor, 'is not an actor');
}

/** `undefined` is encoded as an empty body, because JSON cannot represent it. */
export const encode = (value: unknown): Uint8Array =>
  value === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(value));

/** @throws Fault `request.invalid` when it is not JSON in UTF-8 */
export const decode = (bytes: Uint8Array): unknown =>
  bytes.length === 0 ? undefined : jsonIn(() => utf8.decode(bytes), 'the message');

/** The fault in the body of an error reply. A code that this build does not know becomes `internal`. */
export function faultFrom(bytes: Uint8Array): Fault {
  const body = decode(bytes) as FaultBody;
  return body.code in faultStatus ? Fault.fromBody(body) : new Fault('internal', body.message);
}
