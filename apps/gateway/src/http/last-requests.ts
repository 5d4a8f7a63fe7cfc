import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';

/** How long a kept connection stays open when we stop: a request may be on its way over it, ms. */
const lastRequestsMs = 1_000;

/**
 * Takes no new connections when the process stops, and leaves those there are a moment: behind a balancer that knows
 * nothing of HTTP, clients learn only by the next answer that this end goes away.
 */
@Injectable()
export class LastRequests implements BeforeApplicationShutdown {
  constructor(private readonly host: HttpAdapterHost) {}

  async beforeApplicationShutdown(): Promise<void> {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, lastRequestsMs)));
    // That of HTTP would cut idle connections at once.
    const allGone = new Promise<void>((resolve) => void NetServer.prototype.close.call(server, () => resolve()));
    await Promise.race([allGone, enough]);
    clearTimeout(timer);
  }
}
