import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';

/** How long keep-alive connections stay open during a shutdown, because a request may be in flight, ms. */
const drainMs = 1_000;

/**
 * Drains connections on shutdown: accepts no new ones and keeps the existing ones briefly. Behind a TCP balancer a
 * client notices the shutdown only by `Connection: close` in its next response.
 */
@Injectable()
export class ConnectionDrain implements BeforeApplicationShutdown {
  constructor(private readonly host: HttpAdapterHost) {}

  async beforeApplicationShutdown(): Promise<void> {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, drainMs)));
    // The close() of http.Server would cut idle connections at once.
    const allClosed = new Promise<void>((resolve) => void NetServer.prototype.close.call(server, () => resolve()));
    await Promise.race([allClosed, timeout]);
    clearTimeout(timer);
  }
}
