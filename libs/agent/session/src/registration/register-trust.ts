import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { Fault } from '@runos/kernel';
import type { ServerAddress } from './server-address.js';

/** How the server of a first contact is known: by its CA in a file, by that file's SHA-256, or both. */
export interface RegisterTrust {
  readonly caFile?: string;
  /** SHA-256 of the CA's PEM file in hexadecimal, in either case, with or without `sha256:`. */
  readonly caSha256?: string;
}

const handshakeMs = 10_000;
const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
const wanted = (pin: string): string => pin.toLowerCase().replace(/^sha256:/, '');

/**
 * The CA to verify the register port with. Without a file it is taken from the server's own handshake, and believed
 * only because its hash is the pinned one.
 * @throws Fault `auth.invalid` when the pin does not match, so that nothing is sent to an impostor.
 */
export async function registerCa(
  { caFile, caSha256 }: RegisterTrust,
  server: ServerAddress,
  signal?: AbortSignal,
): Promise<string> {
  if (caFile !== undefined) {
    const bytes = await readFile(caFile);
    const found = sha256(bytes);
    if (caSha256 !== undefined && found !== wanted(caSha256)) {
      throw new Fault(
        'auth.invalid',
        `${caFile} has SHA-256 ${found}, but ${wanted(caSha256)} is pinned: do not go on`,
      );
    }
    return bytes.toString('utf8');
  }
  if (caSha256 === undefined) throw new Fault('request.invalid', 'neither a CA file nor its SHA-256 is given');
  const offered = await offeredCertificates(server, signal);
  const match = offered.find((pem) => sha256(pem) === wanted(caSha256));
  if (match !== undefined) return match;
  const where = `${server.host}:${server.registerPort}`;
  throw new Fault('auth.invalid', `${where} offers no CA with the pinned SHA-256 ${wanted(caSha256)}: do not go on`);
}

/** Every certificate of the server's chain as PEM, unverified. */
function offeredCertificates({ host, registerPort }: ServerAddress, signal?: AbortSignal): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host, port: registerPort, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    const timer = setTimeout(() => socket.destroy(new Error(`no TLS handshake within ${handshakeMs} ms`)), handshakeMs);
    socket.once('secureConnect', () => {
      resolve(chainOf(socket.getPeerCertificate(true)));
      socket.destroy();
    });
    const giveUp = (): void => void socket.destroy(new Error('given up'));
    signal?.addEventListener('abort', giveUp, { once: true });
    socket.once('error', reject);
    socket.once('close', () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
      reject(new Error(`${host}:${registerPort} closed the connection`));
    });
  });
}

function chainOf(leaf: DetailedPeerCertificate): string[] {
  const chain: string[] = [];
  const seen = new Set<string>();
  for (
    let at: DetailedPeerCertificate | undefined = leaf;
    at?.raw && !seen.has(at.fingerprint256);
    at = at.issuerCertificate
  ) {
    seen.add(at.fingerprint256);
    chain.push(new X509Certificate(at.raw).toString());
  }
  return chain;
}
