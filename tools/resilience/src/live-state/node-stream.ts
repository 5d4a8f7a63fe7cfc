import { randomUUID } from 'node:crypto';
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import {
  encodeJson,
  type Envelope,
  NodeAgentHeartbeatToServer,
  openStream,
  streamService,
} from '@runos/agent-protocol';
import type { AgentCredentials } from '@runos/tool-e2e';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** The stream of a node agent whose heartbeats a row controls. */
export class NodeStream {
  readonly client: Client;
  readonly #stream: ClientDuplexStream<Envelope, Envelope>;
  #replies = 0;
  #ended: string | undefined;

  constructor(address: string, { ca, key, certificate }: AgentCredentials) {
    const pems = [ca, key, certificate].map((pem) => Buffer.from(pem)) as [Buffer, Buffer, Buffer];
    this.client = new Client(address, credentials.createSsl(...pems), { 'grpc.use_local_subchannel_pool': 1 });
    this.#stream = openStream(this.client, streamService.NodeAgentStream);
    this.#stream.on('data', () => (this.#replies += 1));
    this.#stream.on('error', (error: Error) => (this.#ended = error.message));
  }

  /** Why the server has closed the stream; undefined while it is open. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** Sends a heartbeat, and waits for its reply or for the end of the stream. */
  async heartbeat(status = 'ready', roles = { isCp: false, isWorker: true }): Promise<void> {
    const before = this.#replies;
    const body = { externalIpAddress: '', status, version: '1', ...roles };
    this.#stream.write({ type: NodeAgentHeartbeatToServer.type, jsonB64: encodeJson(body), tag: randomUUID() });
    const until = performance.now() + 5_000;
    while (this.#replies === before && this.#ended === undefined && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  close(): void {
    this.#stream.on('error', () => undefined);
    this.#stream.cancel();
    this.client.close();
  }
}

/** A relay that reaches a server from another address of this machine. */
export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: string, localAddress: string) {
    const { hostname, port } = new URL(`tcp://${target}`);
    this.#server = createServer((socket) => {
      const onward = connect({ host: hostname, port: Number(port), localAddress });
      socket.pipe(onward).pipe(socket);
      for (const side of [socket, onward]) {
        this.#sockets.add(side);
        side.on('error', () => [socket, onward].forEach((each) => each.destroy()));
        side.on('close', () => this.#sockets.delete(side));
      }
    });
  }

  static async start(target: string, localAddress: string): Promise<Relay> {
    const relay = new Relay(target, localAddress);
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get address(): string {
    const address = this.#server.address();
    return `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
