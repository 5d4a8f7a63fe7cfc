import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { streamService } from '@runos/agent-protocol';

/**
 * The bytes that a cluster agent may send before the server has read them. The replies that a followed log has on their
 * way fit in it. The default of HTTP/2, 64 KiB, is half a reply.
 */
export const receiveWindowBytes = 2 * 1024 * 1024;

/** RFC 9113, section 6.9.2. */
const defaultWindowBytes = 65_535;

interface CreatedStream {
  readonly stream: ServerHttp2Stream;
  readonly headers: { readonly ':path'?: string };
}

/** https://nodejs.org/docs/latest-v24.x/api/diagnostics_channel.html#http2 */
const channel = 'http2.server.stream.created';

function widen(message: unknown): void {
  const { stream, headers } = message as CreatedStream;
  const { session } = stream;
  if (session === undefined || headers[':path'] !== streamService.ClusterAgentStream.path) return;
  if (!(session.socket as TLSSocket).authorized) return;
  if ((session.state.effectiveLocalWindowSize ?? 0) > defaultWindowBytes) return;
  session.setLocalWindowSize(receiveWindowBytes);
  session.settings({ initialWindowSize: receiveWindowBytes });
}

/**
 * Widens the receive window of connections with the stream of a cluster agent, until the returned function is called.
 * grpc-js has such an option for clients only, and its server does not pass on its sessions. A client without a certificate
 * keeps the default.
 */
export function widenReceiveWindows(): () => void {
  subscribe(channel, widen);
  return () => void unsubscribe(channel, widen);
}
