import type { PlaneClient } from '@runos/tool-e2e';
import type { Ledger } from './ledger.js';
import { type FinalResponse, RetryingClient } from './retrying-client.js';

/** A response, with the `Idempotency-Key` of its request. */
export interface KeyedResponse {
  readonly key: string;
  readonly answer: FinalResponse;
}

/** A client beside the load. The ledger records its requests, so that their jobs are expected in the database. */
export class LedgerClient {
  readonly #client: RetryingClient;
  #requests = 0;

  constructor(
    plane: PlaneClient,
    private readonly ledger: Ledger,
    /** The first part of its idempotency keys. */
    private readonly name: string,
  ) {
    const { apiUrl, token } = plane.info;
    this.#client = new RetryingClient(apiUrl, token, undefined, ledger.history, ledger.end.signal);
  }

  /** The number of responses with this status. */
  count(status: number): number {
    return this.#client.responses.get(String(status)) ?? 0;
  }

  /** @throws Error for a response that is neither 200 nor 202 nor one of `expected`, or that the plane must never give */
  async send(method: string, path: string, body?: unknown, expected: readonly number[] = []): Promise<KeyedResponse> {
    this.#requests += 1;
    const key = `${this.name}-${this.ledger.jobs.size}-${this.#requests}`;
    const answer = await this.#client.send(method, path, body, key);
    const [unexpected] = this.#client.unexpectedResponses;
    if (unexpected !== undefined) throw new Error(unexpected.what);
    if (![200, 202, ...expected].includes(answer.status))
      throw new Error(`${method} ${path} was answered ${answer.status} ${JSON.stringify(answer.body)}`);
    if (answer.status === 202) this.ledger.jobs.set(key, String(answer.body['jobId']));
    return { key, answer };
  }
}
