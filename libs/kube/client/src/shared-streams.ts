import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import type { Readable } from 'node:stream';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';

export interface SharedStreamRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** A stream without a byte for this long means a dead connection, ms. */
  readonly idleTimeoutMs: number;
}

export interface SharedStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

/** One HTTP/2 connection with the number of its streams. */
interface Connection {
  readonly session: ClientHttp2Session;
  streams: number;
}

/** The standard of an API server until it has sent its own limit (`--http2-max-streams-per-connection`). */
const standardStreamLimit = 100;
const connectTimeoutMs = 10_000;
/** A connection without streams is closed after this long. */
const unusedTimeoutMs = 10_000;
/** The window of each stream is 64 KiB: one slow reader must not stop the other streams of its connection. */
const connectionWindow = standardStreamLimit * 65_535;

/** Many GET streams over few HTTP/2 connections to one API server, as client-go opens its watches. */
export class SharedStreams {
  readonly #connections = new Set<Connection>();
  #connecting: Promise<void> | undefined;
  #isSupported: boolean;
  #isClosed = false;

  constructor(
    private readonly origin: URL,
    private readonly tls: ConnectionOptions,
  ) {
    this.#isSupported = origin.protocol === 'https:';
  }

  /**
   * Undefined if the server offers no HTTP/2, as a proxy may.
   * @throws Error without a response, also when `signal` has aborted
   */
  async open({ path, headers, signal, idleTimeoutMs }: SharedStreamRequest): Promise<SharedStream | undefined> {
    const connection = await this.#reserve();
    if (connection === undefined) return undefined;
    const { session } = connection;
    let stream: ClientHttp2Stream;
    try {
      stream = session.request({ ...headers, ':method': 'GET', ':path': path }, { signal });
    } catch (thrown) {
      connection.streams -= 1;
      throw thrown;
    }
    stream.once('close', () => (connection.streams -= 1));
    // All streams of a dead connection are dead: the next attempts need another one.
    stream.setTimeout(idleTimeoutMs, () => session.destroy(new Error(`no data for ${idleTimeoutMs} ms`)));
    return new Promise((resolve, reject) => {
      stream.once('error', reject);
      stream.once('response', (received) =>
        resolve({ status: received[':status'] ?? 0, headers: received, body: stream }),
      );
      stream.once('close', () => reject(new Error('the connection was closed')));
    });
  }

  /** Aborts all streams. */
  close(): void {
    this.#isClosed = true;
    for (const { session } of this.#connections) session.destroy();
  }

  /** A connection on which one more stream may start. */
  async #reserve(): Promise<Connection | undefined> {
    while (this.#isSupported) {
      if (this.#isClosed) throw new Error('the client is closed');
      const free = [...this.#connections].find(hasRoom);
      if (free !== undefined) {
        free.streams += 1;
        return free;
      }
      await (this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined)));
    }
    return undefined;
  }

  async #connect(): Promise<void> {
    const socket = await this.#openSocket();
    if (this.#isClosed) {
      socket.destroy();
      throw new Error('the client is closed');
    }
    if (socket.alpnProtocol !== 'h2') {
      this.#isSupported = false;
      socket.destroy();
      return;
    }
    const session = connect(this.origin, { createConnection: () => socket });
    const connection: Connection = { session, streams: 0 };
    this.#connections.add(connection);
    session.once('connect', () => session.setLocalWindowSize(connectionWindow));
    session.on('error', () => undefined); // each stream gets it too
    session.once('close', () => this.#connections.delete(connection));
    session.setTimeout(unusedTimeoutMs, () => {
      if (connection.streams === 0) session.close();
    });
  }

  #openSocket(): Promise<TLSSocket> {
    const { hostname, port } = this.origin;
    return new Promise((resolve, reject) => {
      const socket = connectTls({
        ...this.tls,
        host: hostname.replaceAll(/[[\]]/g, ''),
        port: Number(port || 443),
        ALPNProtocols: ['h2', 'http/1.1'],
      });
      socket.setTimeout(connectTimeoutMs, () => socket.destroy(new Error('the connection timed out')));
      socket.once('error', reject);
      socket.once('secureConnect', () => {
        socket.setTimeout(0);
        socket.setKeepAlive(true, 60_000);
        socket.off('error', reject);
        resolve(socket);
      });
    });
  }
}

const hasRoom = ({ session, streams }: Connection): boolean =>
  !session.closed &&
  !session.destroyed &&
  streams < (session.remoteSettings?.maxConcurrentStreams ?? standardStreamLimit);
