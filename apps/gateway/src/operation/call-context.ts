import { type Level, type Operation, type Role, roleAllows } from '@runos/api';
import type { Actor, Idempotency, Principal } from '@runos/contracts';
import { clientNetwork } from '@runos/security';
import type { Response } from 'express';
import type { z } from 'zod';
import type { GatewayRequest } from '../http/gateway-request.js';

/** The account and the actor of a request to another service. */
export interface AccountContext {
  readonly tenant: string;
  readonly actor: Actor;
}

/** Conditions that a client may send with a write. */
export interface WriteConditions {
  readonly idempotency?: z.input<typeof Idempotency>;
  /** The generation that must be current, or several of which one must be. */
  readonly ifGeneration?: number | number[];
}

/** A client's request beside its input: caller, account and write conditions. */
export class CallContext {
  constructor(
    readonly operation: Operation,
    private readonly request: GatewayRequest,
    private readonly response: Response,
    /** Idempotency key and expected generation, as contracts take them. */
    readonly write: WriteConditions,
  ) {}

  /** The client requests what the write would do, and not the write. */
  get isPlan(): boolean {
    return this.operation.plans !== undefined;
  }

  /** The caller. @throws Error for public operations, which have none */
  get principal(): Principal {
    const { user } = this.request;
    if (user === undefined) throw new Error(`${this.operation.id} is public and has no caller`);
    return user;
  }

  /** The bearer token of the request; empty for public operations without one. */
  get token(): string {
    return this.header('authorization')?.split(' ')[1] ?? '';
  }

  /** The role of the caller in the account of the path. @throws Error for operations without one */
  get role(): Role {
    const { role } = this.request;
    if (role === undefined) throw new Error(`${this.operation.id} has no account in its path`);
    return role;
  }

  /** The account of the path. */
  get account(): AccountContext {
    return this.forAccount(String(this.request.params.aid));
  }

  /** One of the caller's accounts that is not in the path. */
  forAccount(aid: string): AccountContext {
    const { kind, keyId, userId, email, name, memberships } = this.principal;
    const role = memberships.find((membership) => membership.aid === aid)?.role;
    if (role === undefined) throw new Error(`${this.operation.id} used an account that is not the caller's`);
    const actor: Actor =
      kind === 'pat' ? { kind: 'pat', id: keyId, name, role } : { kind: 'user', id: userId, name: email, role };
    return { tenant: aid, actor };
  }

  /** The caller's accounts in which their role allows the level. */
  accountsAllowing(level: Level): string[] {
    return this.principal.memberships.filter(({ role }) => roleAllows(role, level)).map(({ aid }) => aid);
  }

  /** The client's network, for limits. */
  get network(): string {
    return clientNetwork(this.request.ip);
  }

  header = (name: string): string | undefined => this.request.get(name);

  /** Calls `listener` when the response is complete or the client has disconnected. */
  onEnd(listener: () => void): void {
    if (this.response.closed) listener();
    else this.response.once('close', listener);
  }
}
