import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Principal } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { concerns, Principals } from '../access/principals.js';
import { type GatewayConfig, gatewayConfigToken } from '../gateway-config.js';

interface OpenStream {
  readonly principal: Principal;
  readonly end: AbortController;
}

/** The longest that a timer of Node can wait, ms. */
const longestTimer = 2 ** 31 - 1;

/** Every open stream; one ends when its caller's access changes or expires, and when this process stops. */
@Injectable()
export class JobStreams implements OnModuleDestroy {
  readonly #open = new Set<OpenStream>();
  readonly #unsubscribe: () => void;

  constructor(
    private readonly principals: Principals,
    @Inject(gatewayConfigToken) private readonly config: GatewayConfig,
  ) {
    this.#unsubscribe = principals.onChange((change) => {
      for (const { principal, end } of this.#open) if (concerns(change, principal)) end.abort();
    });
  }

  /** A signal that aborts when the stream has to end; `close` is called when it has ended. @throws Fault `limit.exceeded` */
  open(principal: Principal): { readonly signal: AbortSignal; close(): void } {
    this.#mayOpen(principal);
    const stream: OpenStream = { principal, end: new AbortController() };
    const left = Math.min(this.principals.leftMs(principal), longestTimer);
    const expiry = setTimeout(() => stream.end.abort(), left);
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

  #mayOpen({ keyId }: Principal): void {
    const { streamsPerToken: value } = this.config;
    const held = [...this.#open].filter(({ principal }) => principal.keyId === keyId).length;
    if (value === 0 || held < value) return;
    throw new Fault('limit.exceeded', `One token may follow ${value} jobs at once; end one of them first.`, {
      limit: 'streamsPerToken',
      value,
      retryAfterSeconds: 10,
    });
  }
}
