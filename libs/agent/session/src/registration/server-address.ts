/** Where the plane listens for agents. */
export interface ServerAddress {
  /** A DNS name or an IP address; the server's certificates must name it. */
  readonly host: string;
  readonly registerPort: number;
  readonly streamPort: number;
}

/** As grpc-js wants it: an IPv6 address goes in brackets. */
export const target = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;
