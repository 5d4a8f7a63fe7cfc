import { lookup } from 'node:dns/promises';
import { request as requestHttp } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isCallable } from './called-addresses.js';

/** More of an answer is not read, bytes. The token of a registry is a part of it. */
const maxBodyBytes = 64 * 1024;
const maxHeaderBytes = 16 * 1024;

/** Why the control plane did not get an answer, as the end of a sentence without the full stop. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

export interface RegistryAnswer {
  readonly status: number;
  /** All `WWW-Authenticate` headers; empty without one. */
  readonly challenge: string;
  /** At most 64 KiB. */
  readonly body: string;
}

export interface RegistryRequest {
  readonly url: URL;
  readonly authorization?: string | undefined;
  readonly signal: AbortSignal;
  /** Loopback addresses are called, without TLS. For tests only. */
  readonly allowsLoopback: boolean;
}

/**
 * One GET, of a connection of its own to an address that was checked: a name that resolves to another one later has no
 * effect. Redirects are not followed.
 * @throws NoAnswer
 */
export async function getFromRegistry(request: RegistryRequest): Promise<RegistryAnswer> {
  const { signal } = request;
  try {
    const addresses = await aborted(signal, addressesOf(request));
    return await answerOf(request, addresses);
  } catch (error) {
    throw error instanceof NoAnswer ? error : new NoAnswer(causeOf(error, signal), { cause: error });
  }
}

type Addresses = Awaited<ReturnType<typeof lookupAll>>;

const lookupAll = (host: string) => lookup(host, { all: true });

/** A host with one address that is not called is not called at all. */
async function addressesOf({ url, allowsLoopback }: RegistryRequest): Promise<Addresses> {
  const addresses = await lookupAll(url.hostname.replace(/^\[|\]$/g, ''));
  if (addresses.length > 0 && addresses.every(({ address }) => isCallable(address, allowsLoopback))) return addresses;
  throw new NoAnswer('its address is not one that the control plane calls');
}

/** The lookup of a name cannot be aborted; its result is ignored then. */
async function aborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const end = Promise.withResolvers<never>();
  const abort = () => end.reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, end.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function answerOf({ url, authorization, signal }: RegistryRequest, addresses: Addresses): Promise<RegistryAnswer> {
  const [first] = addresses;
  const pinned: LookupFunction = (_host, { all }, done) => {
    if (all) done(null, addresses);
    else done(null, first?.address ?? '', first?.family);
  };
  const options: RequestOptions = {
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    path: `${url.pathname}${url.search}`,
    headers: {
      accept: 'application/json',
      'user-agent': 'runos',
      ...(authorization === undefined ? {} : { authorization }),
    },
    lookup: pinned,
    agent: false,
    maxHeaderSize: maxHeaderBytes,
    signal,
  };
  const send = url.protocol === 'http:' ? requestHttp : requestHttps;
  return new Promise((resolve, reject) => {
    const sent = send(options, (response) => {
      const { statusCode: status = 0, headers } = response;
      const challenge = headers['www-authenticate'] ?? '';
      const chunks: Buffer[] = [];
      let bytes = 0;
      const finish = () =>
        resolve({ status, challenge, body: Buffer.concat(chunks).subarray(0, maxBodyBytes).toString('utf8') });
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes < maxBodyBytes) return;
        finish();
        sent.destroy();
      });
      response.on('end', finish);
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Codes of OpenSSL about certificates that Node does not trust. */
const certificateCodes = /CERT|SELF_SIGNED|UNABLE_TO_|INVALID_|HOSTNAME_MISMATCH/;

function causeOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'it did not answer in time';
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) return 'its name has no address';
  if (certificateCodes.test(code)) return 'its certificate is not trusted';
  return 'no secure connection to it could be made';
}
