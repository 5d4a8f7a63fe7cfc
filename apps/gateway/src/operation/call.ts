import { type Level, type Operation, roleAllows } from '@runos/api';
import type { Actor, Idempotency, Principal } from '@runos/contracts';
import type { Response } from 'express';
import type { z } from 'zod';
import type { GatewayRequest } from '../http/gateway-request.js';

/** Asked on whose behalf, about which account. */
export interface InAccount {
  readonly tenant: string;
  readonly actor: Actor;
}

/** What a client may send beside a write. */
export interface Write {
  readonly idempotency?: z.input<typeof Idempotency>;
  readonly ifGeneration?: number;
}

/** One request of a client, beyond its input: who, about which account, under which conditions. */
export class Call {
  constructor(
    readonly operation: Operation,
    private readonly request: GatewayRequest,
    private readonly response: Response,
    /** Idempotency key and expected generation, as contracts take them. */
    readonly write: Write,
  ) {}

  /** Who asks; an operation that is public has nobody. */
  get principal(): Principal {
    const { user } = this.request;
    if (user === undefined) throw new Error(`${this.operation.id} is public and has no caller`);
    return user;
  }

  /** For requests about the account of the path. */
  get account(): InAccount {
    return this.inAccount(String(this.request.params.aid));
  }

  /** For requests about one of the caller's accounts that is not in the path. */
  inAccount(aid: string): InAccount {
    const { kind, keyId, userId, email, name, memberships } = this.principal;
    const role = memberships.find((membership) => membership.aid === aid)?.role;
    if (role === undefined) throw new Error(`${this.operation.id} reached for an account that is not the caller's`);
    const actor: Actor =
      kind === 'pat' ? { kind: 'pat', id: keyId, name, role } : { kind: 'user', id: userId, name: email, role };
    return { tenant: aid, actor };
  }

  /** The caller's accounts in which their role allows that much. */
  aidsThatAllow(level: Level): string[] {
    return this.principal.memberships.filter(({ role }) => roleAllows(role, level)).map(({ aid }) => aid);
  }

  /** The client's network address. */
  get address(): string {
    return this.request.ip ?? 'unknown';
  }

  header = (name: string): string | undefined => this.request.get(name);

  /** Called once the client is gone or has its whole answer. */
  onEnd(listener: () => void): void {
    if (this.response.closed) listener();
    else this.response.once('close', listener);
  }
}
