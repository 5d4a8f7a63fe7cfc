import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Principal } from '@runos/contracts';
import { Fault, faultOf } from '@runos/kernel';
import { affects, PrincipalCache } from './principal-cache.js';
import { InjectConfig, NatsConnector } from '@runos/messaging';
import type { GatewayConfig } from '../config.js';

/** A stream that its caller has opened. */
export interface CallerStream {
  /** Aborts when the stream must end. */
  readonly signal: AbortSignal;
  /** Authenticates the caller again: whether the token is valid and has the same access as at the start. */
  isAuthorized(): Promise<boolean>;
  /** Must be called when the stream has ended. */
  close(): void;
}

interface OpenStream {
  readonly principal: Principal;
  readonly end: AbortController;
}

/** The longest delay of a Node timer, ms. */
const maxTimerMs = 2 ** 31 - 1;

/** Times in succession that a caller may not be authenticated because identity is unavailable. */
const maxUnavailable = 1;

/**
 * All open streams, of jobs and of logs. A stream ends when its caller's access changes or expires, when NATS reconnects, and when this
 * process stops.
 */
@Injectable()
export class CallerStreams implements OnModuleDestroy {
  readonly #open = new Set<OpenStream>();
  readonly #unsubscribe: readonly (() => void)[];

  constructor(
    private readonly principals: PrincipalCache,
    connector: NatsConnector,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {
    this.#unsubscribe = [
      principals.onChange((change) => this.#end(({ principal }) => affects(change, principal))),
      // Events that were published while the connection was down are lost; clients resume with their cursor.
      connector.onConnect(() => this.#end()),
    ];
  }

  /** Opens a stream of the caller with this token. @throws Fault `limit.exceeded` */
  open(principal: Principal, token: string): CallerStream {
    this.#checkLimit(principal);
    const stream: OpenStream = { principal, end: new AbortController() };
    const remainingMs = Math.min(this.principals.validForMs(principal), maxTimerMs);
    const expiry = setTimeout(() => stream.end.abort(), remainingMs);
    this.#open.add(stream);
    return {
      signal: stream.end.signal,
      isAuthorized: this.#authorization(principal, token),
      close: () => {
        clearTimeout(expiry);
        stream.end.abort();
        this.#open.delete(stream);
      },
    };
  }

  onModuleDestroy(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#end();
  }

  #end(concerned: (stream: OpenStream) => boolean = () => true): void {
    for (const stream of this.#open) if (concerned(stream)) stream.end.abort();
  }

  #authorization(principal: Principal, token: string): () => Promise<boolean> {
    let unavailable = 0;
    return async () => {
      try {
        const current = await this.principals.authenticateAgain(token);
        unavailable = 0;
        return keepsAccess(principal, current);
      } catch (error) {
        const code = faultOf(error)?.code;
        if (code === undefined) throw error;
        return code === 'unavailable' && (unavailable += 1) <= maxUnavailable;
      }
    };
  }

  #checkLimit({ keyId }: Principal): void {
    const { streamsPerToken: value } = this.config;
    const openStreams = [...this.#open].filter(({ principal }) => principal.keyId === keyId).length;
    if (value === 0 || openStreams < value) return;
    throw new Fault('limit.exceeded', `One token may follow ${value} jobs and logs at once; end one of them first.`, {
      limit: 'streamsPerToken',
      value,
      retryAfterSeconds: 10,
    });
  }
}

/** Whether the current principal has every membership of the earlier one, in the same role. */
const keepsAccess = (earlier: Principal, current: Principal): boolean =>
  earlier.memberships.every(({ aid, role }) =>
    current.memberships.some((membership) => membership.aid === aid && membership.role === role),
  );
