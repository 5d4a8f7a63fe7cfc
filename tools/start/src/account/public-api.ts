/** An error response of the public API, with its status. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** A client of the plane's public API with one token. */
export class PublicApi {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  get = <T>(path: string): Promise<T> => this.#send<T>('GET', path);
  post = <T>(path: string, body: unknown): Promise<T> => this.#send<T>('POST', path, body);

  async #send<T>(method: string, path: string, body?: unknown): Promise<T> {
    const reply = await fetch(this.url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
    const text = await reply.text();
    if (!reply.ok) throw new ApiError(reply.status, `${method} ${path} answered ${reply.status}: ${text}`);
    return JSON.parse(text) as T;
  }
}
