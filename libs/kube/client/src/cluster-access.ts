/** How to reach one API server and as whom. */
export interface ClusterAccess {
  /** `https://host:port`, with a path behind a proxy. */
  readonly server: string;
  /** PEM; absent: the system's authorities. */
  readonly ca?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  /** Name to check the server's certificate against, when it is not the host of `server`. */
  readonly serverName?: string;
  readonly insecure?: boolean;
  /** Value of the Authorization header. Asked before every request. */
  authorization?(): Promise<string | undefined>;
  /** The server refused the last authorization: read it anew next time. */
  refused?(): void;
}

/** Always the same bearer token. */
export const bearer = (token: string): Pick<ClusterAccess, 'authorization'> => ({
  authorization: () => Promise.resolve(`Bearer ${token}`),
});
