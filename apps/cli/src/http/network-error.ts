import { CliError } from '../failure/cli-error.js';

const causes: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its host name is unknown',
  EAI_AGAIN: 'its host name cannot be looked up now',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was closed',
  UND_ERR_SOCKET: 'the connection was closed',
  EHOSTUNREACH: 'there is no route to its host',
  ENETUNREACH: 'there is no network',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an unknown authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
};

interface Caused {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly cause?: Caused;
  readonly errors?: readonly Caused[];
}

const codeOf = (error: Caused | undefined): string | undefined =>
  error === undefined ? undefined : (codeOf(error.cause) ?? codeOf(error.errors?.[0]) ?? error.code);
const messageOf = (error: Caused): string =>
  error.cause === undefined ? (error.message ?? '') : messageOf(error.cause);

/** Why a request got no answer, in words. `deadlineMs` is the deadline that the request had. */
export function networkError(error: unknown, address: string, deadlineMs: number): CliError {
  if (error instanceof CliError) return error;
  const { origin } = new URL(address);
  if ((error as Caused).name === 'TimeoutError') {
    return new CliError(`${origin} did not answer within ${deadlineMs / 1_000} s.`, {
      code: 'network.timeout',
      remedy: 'try again; a write may have been accepted, so look first',
    });
  }
  const cause = causes[codeOf(error as Caused) ?? ''] ?? messageOf(error as Caused);
  return new CliError(`Cannot reach ${origin}: ${cause}.`, {
    code: 'network.unreachable',
    remedy: 'check the network and the address: runos config get api-url',
  });
}
