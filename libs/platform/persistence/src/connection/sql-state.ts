import { types } from 'node:util';
import { Fault, unavailable } from '@runos/kernel';

const { isNativeError } = types;

/** PostgreSQL error codes that the code handles, named as in appendix A of its manual. */
export const sqlState = {
  uniqueViolation: '23505',
  foreignKeyViolation: '23503',
  checkViolation: '23514',
  serializationFailure: '40001',
  deadlockDetected: '40P01',
  lockNotAvailable: '55P03',
  queryCanceled: '57014',
  tooManyConnections: '53300',
  adminShutdown: '57P01',
  crashShutdown: '57P02',
  cannotConnectNow: '57P03',
  duplicateObject: '42710',
  featureNotSupported: '0A000',
  internalError: 'XX000',
} as const;

/** Class 08: everything about the connection itself. */
const connectionException = /^08/;

const unreachable = new Set<string>([
  sqlState.tooManyConnections,
  sqlState.adminShutdown,
  sqlState.crashShutdown,
  sqlState.cannotConnectNow,
  sqlState.queryCanceled,
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Messages of pg without a code when the server or the pool fails. */
const unreachableWords =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/;

const worthRepeating = new Set<string>([sqlState.serializationFailure, sqlState.deadlockDetected]);

/** An error and its causes. No `instanceof`: errors of Node's sockets come from another realm in a test runner. */
function* chain(thrown: unknown): Generator<Error> {
  for (let error = thrown; isNativeError(error); error = error.cause ?? driverErrorOf(error)) yield error;
}

/** The first database or network error code in an error's chain of causes. */
export function sqlStateOf(thrown: unknown): string | undefined {
  for (const error of chain(thrown)) {
    const { code } = error as { code?: unknown };
    if (typeof code === 'string' && !(error instanceof Fault)) return code;
  }
  return undefined;
}

const driverErrorOf = (error: Error): unknown => (error as { driverError?: unknown }).driverError;

/** The name of the violated constraint. */
export function violatedConstraint(thrown: unknown): string | undefined {
  const driverError = isNativeError(thrown) ? (driverErrorOf(thrown) ?? thrown) : undefined;
  const constraint = (driverError as { constraint?: unknown } | undefined)?.constraint;
  return typeof constraint === 'string' ? constraint : undefined;
}

/** A migration changed the columns of a result, and the prepared statement cannot follow. It shares its code with others. */
export const isOutdatedPlan = (thrown: unknown): boolean =>
  sqlStateOf(thrown) === sqlState.featureNotSupported &&
  [...chain(thrown)].some(({ message }) => message.includes('cached plan must not change result type'));

/** Whether a retry of the whole transaction may succeed. */
export const isWorthRepeating = (thrown: unknown): boolean =>
  worthRepeating.has(sqlStateOf(thrown) ?? '') || isOutdatedPlan(thrown);

/** Whether the database is unreachable or closed the connection. */
export function isUnreachable(thrown: unknown): boolean {
  const code = sqlStateOf(thrown);
  if (code !== undefined) return connectionException.test(code) || unreachable.has(code);
  return [...chain(thrown)].some(({ message }) => unreachableWords.test(message));
}

/** The Fault `unavailable` for an outage, else the error itself. */
export const asFault = (thrown: unknown): Fault | unknown =>
  isUnreachable(thrown) ? unavailable('The database cannot be reached; try again shortly.', 2, thrown) : thrown;
