/** Address of one API server and the credentials for it: `rest.Config` of client-go. */
export interface ClusterAccess {
  /** `https://host:port`, with a path behind a proxy. */
  readonly server: string;
  /** PEM. Default: the system's trust store. */
  readonly ca?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  /** Name that the server's certificate must carry, if it is not the host of `server`. */
  readonly serverName?: string;
  readonly insecure?: boolean;
  /** Value of the Authorization header, called before every request. */
  authorization?(): Promise<string | undefined>;
  /** The server answered 401: the next `authorization()` reads the credentials again. */
  onUnauthorized?(): void;
}

/** A bearer token that never changes. */
export const bearer = (token: string): Pick<ClusterAccess, 'authorization'> => ({
  authorization: () => Promise.resolve(`Bearer ${token}`),
});
