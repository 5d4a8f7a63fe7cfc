import { Injectable } from '@nestjs/common';
import { InjectConfig, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { ConnectionLimit } from '@runos/security';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { GatewayConfig } from '../config.js';
import { refuseClient } from './client-refusal.js';
import { disconnectUnread } from './unread-responses.js';

/** The shortest interval at which Node looks for requests that arrive too slowly, ms. */
const minCheckMs = 100;
const retryAfterSeconds = 10;

/** Disconnects clients that send or read too slowly, and limits the connections of one client. */
@Injectable()
export class SlowClients {
  constructor(
    @InjectConfig() private readonly config: GatewayConfig,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Must be called before the server listens. */
  limit(server: Server): void {
    const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs, unreadTimeoutMs, trustedProxies } = this.config;
    server.headersTimeout = headersTimeoutMs;
    server.requestTimeout = requestTimeoutMs;
    server.keepAliveTimeout = keepAliveTimeoutMs;
    // Node's default of 30 s would add to each timeout. The types lack this property.
    const connectionsCheckingInterval = Math.max(minCheckMs, Math.min(headersTimeoutMs, requestTimeoutMs) / 2);
    Object.assign(server, { connectionsCheckingInterval });
    disconnectUnread(server, unreadTimeoutMs, () => this.logger.warn('a client did not read its response'));
    // Behind proxies, all clients share the addresses of the proxies.
    if (trustedProxies === 0) this.#limitConnections(server);
  }

  #limitConnections(server: Server): void {
    const { connectionsPerClient: max } = this.config;
    const onReached = (from: string) => this.logger.warn({ from, max }, 'a client has too many connections');
    const connections = new ConnectionLimit({ max, onReached });
    server.on('connection', (socket: Socket) => {
      const release = connections.add(socket.remoteAddress);
      if (release !== undefined) return void socket.once('close', release);
      return refuseClient(socket, {
        status: `429 Too Many Requests\r\nRetry-After: ${retryAfterSeconds}`,
        code: 'limit.exceeded',
        error: `One client may have ${max} open connections; close some first.`,
        details: { limit: 'connectionsPerClient', value: max, retryAfterSeconds },
      });
    });
  }
}
