import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { type AgentKind, callUnary, registerService, streamService } from '@runos/agent-protocol';
import { Fault } from '@runos/kernel';
import { createSigningRequest, type SigningRequest } from '@runos/pki';
import type { AgentCredentials } from '../credentials/agent-credentials.js';
import { dialRegisterPort, dialStreamPort, type ServerAddress } from '../stream/dial.js';

/** How an agent verifies the register port: by the file of its CA, by the SHA-256 of that file, or by both. */
export interface RegisterTrust {
  readonly caFile?: string;
  /** SHA-256 of the CA's PEM file in hexadecimal, in either case, with or without `sha256:`. */
  readonly caSha256?: string;
}

const handshakeTimeoutMs = 10_000;
const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
const normalized = (pin: string): string => pin.toLowerCase().replace(/^sha256:/, '');

/**
 * The CA that verifies the register port. Without a file it comes from the TLS handshake of the server and is trusted
 * only because its hash equals the pinned one.
 * @throws Fault `auth.invalid` when the hash differs, so that the token is not sent to an impostor.
 */
async function registerCa(
  { caFile, caSha256 }: RegisterTrust,
  server: ServerAddress,
  signal?: AbortSignal,
): Promise<string> {
  if (caFile !== undefined) {
    const bytes = await readFile(caFile);
    const found = sha256(bytes);
    if (caSha256 !== undefined && found !== normalized(caSha256)) {
      throw new Fault(
        'auth.invalid',
        `${caFile} has SHA-256 ${found}, but ${normalized(caSha256)} is pinned: do not continue`,
      );
    }
    return bytes.toString('utf8');
  }
  if (caSha256 === undefined) throw new Fault('request.invalid', 'give the CA file or its SHA-256');
  const chain = await presentedChain(server, signal);
  const match = chain.find((pem) => sha256(pem) === normalized(caSha256));
  if (match !== undefined) return match;
  const where = `${server.host}:${server.registerPort}`;
  throw new Fault(
    'auth.invalid',
    `${where} presents no CA with the pinned SHA-256 ${normalized(caSha256)}: do not continue`,
  );
}

/** Every certificate of the server's chain as PEM, not verified. */
function presentedChain({ host, registerPort }: ServerAddress, signal?: AbortSignal): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host, port: registerPort, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    const timer = setTimeout(
      () => socket.destroy(new Error(`no TLS handshake within ${handshakeTimeoutMs} ms`)),
      handshakeTimeoutMs,
    );
    socket.once('secureConnect', () => {
      resolve(chainOf(socket.getPeerCertificate(true)));
      socket.destroy();
    });
    const abort = (): void => void socket.destroy(new Error('aborted'));
    signal?.addEventListener('abort', abort, { once: true });
    socket.once('error', reject);
    socket.once('close', () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      reject(new Error(`${host}:${registerPort} closed the connection`));
    });
  });
}

function chainOf(leaf: DetailedPeerCertificate): string[] {
  const chain: string[] = [];
  const fingerprints = new Set<string>();
  for (
    let current: DetailedPeerCertificate | undefined = leaf;
    current?.raw && !fingerprints.has(current.fingerprint256);
    current = current.issuerCertificate
  ) {
    fingerprints.add(current.fingerprint256);
    chain.push(new X509Certificate(current.raw).toString());
  }
  return chain;
}

/** The agent that registers. */
export interface RegisteringAgent {
  readonly kind: AgentKind;
  readonly aid: string;
  /** Identifies the machine (for a cluster agent: the cluster) over several registrations. */
  readonly machineId: string;
  /** `<ID>-<VERSION_ID>` of the operating system, or `unknown`. */
  readonly os: string;
}

const registerTimeoutMs = 30_000;

/**
 * Exchanges a registration token for credentials for the key of `signing`, which stays here. With the same key it may be
 * repeated: the plane answers with the same certificate, if its first answer was lost on the way.
 */
export async function register(
  agent: RegisteringAgent,
  token: string,
  server: ServerAddress,
  trust: RegisterTrust,
  { keyPem, csrPem }: SigningRequest,
  signal?: AbortSignal,
): Promise<AgentCredentials> {
  const ca = await registerCa(trust, server, signal);
  const client = dialRegisterPort(server, ca);
  try {
    const { kind, aid, machineId, os } = agent;
    const request = { aid, token, machineId, os, csrPem, agentKind: kind };
    const issued = await callUnary(client, registerService.Register, request, registerTimeoutMs, signal);
    return { certificate: issued.publicKey, key: keyPem, ca: issued.caCert };
  } finally {
    client.close();
  }
}

const renewTimeoutMs = 30_000;

/** Requests a certificate for a new key with the current credentials. The server revokes the old one after its first use. */
export async function renewCertificate(
  server: ServerAddress,
  current: AgentCredentials,
  signal?: AbortSignal,
): Promise<AgentCredentials> {
  const { keyPem, csrPem } = await createSigningRequest();
  const client = dialStreamPort(server, current);
  try {
    const issued = await callUnary(client, streamService.RegenerateCertificate, { csrPem }, renewTimeoutMs, signal);
    return { certificate: issued.publicKey, key: keyPem, ca: issued.caCert };
  } finally {
    client.close();
  }
}
