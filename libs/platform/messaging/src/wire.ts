import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { Actor } from '@runos/contracts';
import { Fault, type FaultBody, faultStatus } from '@runos/kernel';
import { type Carrier, traceHeaders } from '@runos/observability';

/** What travels beside a body. A reply with `fault` carries a FaultBody instead of an answer. */
export const header = {
  tenant: 'runos-tenant',
  actor: 'runos-actor',
  deadline: 'runos-deadline-ms',
  fault: 'runos-fault',
} as const;

const traceNames = ['traceparent', 'tracestate'] as const;

export interface Addressing {
  readonly tenant?: string;
  readonly actor?: Actor;
  readonly deadlineMs?: number;
}

/** Tenant, actor, deadline and the current trace as plain headers: for a message, or for an outbox row. */
export function headersOf({ tenant, actor, deadlineMs }: Addressing): Record<string, string> {
  return {
    ...traceHeaders(),
    ...(tenant === undefined ? {} : { [header.tenant]: tenant }),
    ...(actor === undefined ? {} : { [header.actor]: JSON.stringify(actor) }),
    ...(deadlineMs === undefined ? {} : { [header.deadline]: String(Math.round(deadlineMs)) }),
  };
}

export function toNats(plain: Readonly<Record<string, string>>): MsgHdrs {
  const hdrs = headers();
  for (const [name, value] of Object.entries(plain)) hdrs.set(name, value);
  return hdrs;
}

export function traceCarrier(hdrs: MsgHdrs | undefined): Carrier {
  const carrier: Carrier = {};
  for (const name of traceNames) if (hdrs?.has(name)) carrier[name] = hdrs.get(name);
  return carrier;
}

export function addressingOf(hdrs: MsgHdrs | undefined): Addressing {
  const text = (name: string) => (hdrs?.has(name) ? hdrs.get(name) : undefined);
  const actor = text(header.actor);
  const deadline = Number(text(header.deadline));
  return {
    tenant: text(header.tenant),
    actor: actor === undefined ? undefined : Actor.parse(JSON.parse(actor)),
    deadlineMs: Number.isFinite(deadline) && deadline > 0 ? deadline : undefined,
  };
}

/** An empty body is `undefined`; JSON has no word for it. */
export const encode = (value: unknown): Uint8Array =>
  value === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(value));

export const decode = (bytes: Uint8Array): unknown =>
  bytes.length === 0 ? undefined : JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());

export function faultFrom(bytes: Uint8Array): Fault {
  const body = decode(bytes) as FaultBody;
  return body.code in faultStatus ? Fault.fromBody(body) : new Fault('internal', body.message);
}
