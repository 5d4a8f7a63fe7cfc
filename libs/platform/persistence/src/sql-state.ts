import { types } from 'node:util';
import { Fault, unavailable } from '@runos/kernel';

const { isNativeError } = types;

/** PostgreSQL's error codes that code decides by; their names are those of its manual, appendix A. */
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

/** What pg says without a code when the server or the pool lets it down. */
const unreachableWords =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/;

const worthRepeating = new Set<string>([sqlState.serializationFailure, sqlState.deadlockDetected]);

/** An error and what caused it. Not `instanceof`: what Node's sockets throw in a test runner is of another realm. */
function* chain(thrown: unknown): Generator<Error> {
  for (let error = thrown; isNativeError(error); error = error.cause ?? driverErrorOf(error)) yield error;
}

/** The first code of the database, or of the way to it, in an error's chain of causes. */
export function sqlStateOf(thrown: unknown): string | undefined {
  for (const error of chain(thrown)) {
    const { code } = error as { code?: unknown };
    if (typeof code === 'string' && !(error instanceof Fault)) return code;
  }
  return undefined;
}

const driverErrorOf = (error: Error): unknown => (error as { driverError?: unknown }).driverError;

/** The name of the constraint that a write violated, to tell one from another. */
export function violatedConstraint(thrown: unknown): string | undefined {
  const driverError = isNativeError(thrown) ? (driverErrorOf(thrown) ?? thrown) : undefined;
  const constraint = (driverError as { constraint?: unknown } | undefined)?.constraint;
  return typeof constraint === 'string' ? constraint : undefined;
}

/** Whether the same transaction may succeed when it is run again from its start. */
export const isWorthRepeating = (thrown: unknown): boolean => worthRepeating.has(sqlStateOf(thrown) ?? '');

/** Whether the database could not be reached, or cut us off: an outage, not an answer. */
export function isUnreachable(thrown: unknown): boolean {
  const code = sqlStateOf(thrown);
  if (code !== undefined) return connectionException.test(code) || unreachable.has(code);
  return [...chain(thrown)].some(({ message }) => unreachableWords.test(message));
}

/** The Fault `unavailable` for an outage; otherwise what was thrown. */
export const asFault = (thrown: unknown): Fault | unknown =>
  isUnreachable(thrown) ? unavailable('The database cannot be reached; try again shortly.', 2, thrown) : thrown;
