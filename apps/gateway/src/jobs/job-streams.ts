import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Principal } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { affects, PrincipalCache } from '../access/principal-cache.js';
import { InjectConfig } from '@runos/messaging';
import type { GatewayConfig } from '../config.js';

interface OpenStream {
  readonly principal: Principal;
  readonly end: AbortController;
}

/** The longest delay of a Node timer, ms. */
const maxTimerMs = 2 ** 31 - 1;

/** All open job streams. A stream ends when its caller's access changes or expires, and when this process stops. */
@Injectable()
export class JobStreams implements OnModuleDestroy {
  readonly #open = new Set<OpenStream>();
  readonly #unsubscribe: () => void;

  constructor(
    private readonly principals: PrincipalCache,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {
    this.#unsubscribe = principals.onChange((change) => {
      for (const { principal, end } of this.#open) if (affects(change, principal)) end.abort();
    });
  }

  /** Returns a signal that aborts when the stream must end; the caller calls `close` afterwards. @throws Fault `limit.exceeded` */
  open(principal: Principal): { readonly signal: AbortSignal; close(): void } {
    this.#checkLimit(principal);
    const stream: OpenStream = { principal, end: new AbortController() };
    const remainingMs = Math.min(this.principals.validForMs(principal), maxTimerMs);
    const expiry = setTimeout(() => stream.end.abort(), remainingMs);
    this.#open.add(stream);
    return {
      signal: stream.end.signal,
      close: () => {
        clearTimeout(expiry);
        stream.end.abort();
        this.#open.delete(stream);
      },
    };
  }

  onModuleDestroy(): void {
    this.#unsubscribe();
    for (const { end } of this.#open) end.abort();
  }

  #checkLimit({ keyId }: Principal): void {
    const { streamsPerToken: value } = this.config;
    const openStreams = [...this.#open].filter(({ principal }) => principal.keyId === keyId).length;
    if (value === 0 || openStreams < value) return;
    throw new Fault('limit.exceeded', `One token may follow ${value} jobs at once; end one of them first.`, {
      limit: 'streamsPerToken',
      value,
      retryAfterSeconds: 10,
    });
  }
}
