import { connect } from 'node:http2';
import type { ServerAddress } from './dial.js';

const timeoutMs = 5_000;
/** A smaller difference breaks nothing: certificates are valid from five minutes before their issue. */
const toleranceMs = 60_000;

/** Errors of TLS for a certificate that is not valid at this time, in the words of OpenSSL. */
const timeErrors = /certificate is not yet valid|certificate has expired/i;

/** Whether a connection failed because this machine judged a certificate by its own clock. */
export const isTimeError = (problem: string): boolean => timeErrors.test(problem);

/**
 * The time of the server, from the `date` header of its register port; undefined without an answer. The server is not
 * verified, because its certificate is what the clock does not accept: so the time serves for messages only.
 */
export function serverTime({ host, registerPort }: ServerAddress, signal?: AbortSignal): Promise<Date | undefined> {
  const authority = host.includes(':') ? `[${host}]` : host;
  return new Promise((resolve) => {
    const session = connect(`https://${authority}:${registerPort}`, { rejectUnauthorized: false });
    const settle = (date?: string): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      session.destroy();
      const time = new Date(date ?? '');
      resolve(Number.isNaN(time.getTime()) ? undefined : time);
    };
    const abort = (): void => settle();
    const timer = setTimeout(abort, timeoutMs);
    signal?.addEventListener('abort', abort, { once: true });
    session.on('error', abort);
    const request = session.request({ ':path': '/' });
    request.on('error', abort);
    request.on('response', ({ date }) => settle(date));
    request.end();
  });
}

/** What is wrong with the clock of this machine, and what to do; undefined when it agrees with the server's. */
export function clockProblem(own: Date, server: Date): string | undefined {
  const differenceMs = own.getTime() - server.getTime();
  if (Math.abs(differenceMs) < toleranceMs) return undefined;
  const direction = differenceMs < 0 ? 'behind' : 'ahead of';
  return (
    `the clock of this machine is ${durationText(Math.abs(differenceMs))} ${direction} the server: ` +
    `it is ${own.toISOString()} here and ${server.toISOString()} there; set this clock, best by NTP`
  );
}

const units = [
  ['days', 86_400_000],
  ['hours', 3_600_000],
  ['minutes', 60_000],
] as const;

function durationText(ms: number): string {
  const [unit, unitMs] = units.find((each) => ms >= 2 * each[1]) ?? (['seconds', 1_000] as const);
  return `${Math.round(ms / unitMs)} ${unit}`;
}
