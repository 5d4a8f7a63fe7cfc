import { Injectable } from '@nestjs/common';
import type { RegistryCheckStatus } from '@runos/api';
import { unavailable } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { defaultRegistry } from '@runos/service-types';
import type { ReconcilerConfig } from '../config.js';
import { parseChallenge } from './challenge.js';
import { getFromRegistry, NoAnswer, type RegistryAnswer, type RegistryRequest } from './registry-request.js';
import { wordsOf } from './registry-words.js';

/** User name and password of a registry, in the clear; never stored or logged. */
export interface OpenCredentials {
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

/** `refused` with the words of the registry, else what is stored. The message is a sentence. */
export type CheckOutcome =
  | { readonly status: RegistryCheckStatus; readonly message?: string }
  | { readonly status: 'refused'; readonly message: string };

/** For all requests of one check together, ms: the write that waits for it has 7.5 s. */
const checkTimeoutMs = 5_000;
/** Checks at the same time. Each holds one connection and at most 64 KiB. */
const maxConcurrent = 32;

/** The host of the API of Docker Hub. */
const defaultApi = 'registry-1.docker.io';

type Get = (url: URL, authorization?: string) => Promise<RegistryAnswer>;

/** Calls registries once to learn whether they accept credentials, as a container runtime logs in. */
@Injectable()
export class RegistryCheck {
  #running = 0;

  constructor(@InjectConfig() private readonly config: Pick<ReconcilerConfig, 'callLoopbackRegistries'>) {}

  /** @throws Fault `unavailable` while too many checks run */
  async run(credentials: OpenCredentials): Promise<CheckOutcome> {
    if (this.#running >= maxConcurrent)
      throw unavailable('Too many registries are being called; repeat the request.', 5);
    this.#running += 1;
    const signal = AbortSignal.timeout(checkTimeoutMs);
    const { callLoopbackRegistries: allowsLoopback } = this.config;
    const get: Get = (url, authorization) => {
      if (!isAllowed(url, allowsLoopback)) throw new NoAnswer('it names an address without TLS');
      return getFromRegistry({ url, authorization, signal, allowsLoopback } satisfies RegistryRequest);
    };
    try {
      return await outcomeOf(credentials, apiOf(credentials.host, allowsLoopback), get);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      const message = `The control plane did not check the credentials with ${credentials.host}: ${error.message}.`;
      return { status: 'unreachable', message };
    } finally {
      this.#running -= 1;
    }
  }
}

const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname);

const isAllowed = (url: URL, allowsLoopback: boolean): boolean =>
  (url.protocol === 'https:' || (allowsLoopback && url.protocol === 'http:' && isLoopback(url))) &&
  url.username === '' &&
  url.password === '';

/** The address of the distribution API of a registry. */
function apiOf(host: string, allowsLoopback: boolean): URL {
  const url = new URL(`https://${host === defaultRegistry ? defaultApi : host}/v2/`);
  if (allowsLoopback && isLoopback(url)) return new URL(`http://${host}/v2/`);
  return url;
}

/** @throws NoAnswer */
async function outcomeOf(credentials: OpenCredentials, api: URL, get: Get): Promise<CheckOutcome> {
  const { host, username, password } = credentials;
  const encoded = Buffer.from(`${username}:${password}`).toString('base64');
  const basic = `Basic ${encoded}`;
  const resultOf = (answer: RegistryAnswer) => checked(host, answer, [encoded, password]);
  const first = await get(api);
  if (first.status === 200) return { status: 'verified', message: `${host} requests no credentials.` };
  if (first.status !== 401) throw new NoAnswer(`it answered with status ${first.status} instead of a challenge`);
  const challenge = parseChallenge(first.challenge);
  if (challenge === undefined) throw new NoAnswer('it requests credentials in a way that is not known');
  if (challenge.scheme === 'basic') return resultOf(await get(api, basic));
  const { realm, service } = challenge;
  if (service !== undefined) realm.searchParams.set('service', service);
  realm.searchParams.set('account', username);
  const answer = await get(realm, basic);
  if (answer.status !== 200) return resultOf(answer);
  return resultOf(await get(api, `Bearer ${tokenOf(answer)}`));
}

/** @throws NoAnswer for a status that has no meaning for the credentials */
function checked(host: string, { status, body }: RegistryAnswer, secrets: readonly string[]): CheckOutcome {
  if (status === 200) return { status: 'verified' };
  if (status !== 401 && status !== 403) throw new NoAnswer(`it answered with status ${status}`);
  const words = wordsOf(body, secrets) || `status ${status}`;
  return { status: 'refused', message: `${host} refuses these credentials: "${words}"` };
}

/** @throws NoAnswer */
function tokenOf({ body }: RegistryAnswer): string {
  const { token, access_token: other } = objectIn(body);
  const found = typeof token === 'string' ? token : other;
  if (typeof found === 'string' && /^[\x21-\x7e]{1,16000}$/.test(found)) return found;
  throw new NoAnswer('it answered without a token');
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
