import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAuthority, issueLeaf, newEcKey } from '@runos/pki';
import { FakeRegistry } from '../../test/fake-registry.js';
import { getFromRegistry } from './registry-request.js';

const hourMs = 3_600_000;

let plain: FakeRegistry;
let server: Server;
const received: string[] = [];

beforeAll(async () => {
  const now = Date.now();
  const validity = { notBefore: new Date(now - hourMs), notAfter: new Date(now + hourMs) };
  const { keyPem: key, publicKey } = await newEcKey();
  const names = { commonName: 'registry', dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };
  const leaf = { ...validity, ...names, publicKey, usage: 'server' } as const;
  const cert = await issueLeaf(await createAuthority('a private authority', validity), leaf);
  server = createServer({ cert, key }, (request, response) => {
    received.push(String(request.url));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  plain = await FakeRegistry.start();
});
afterAll(async () => {
  await plain.stop();
  await new Promise((resolve) => server.close(resolve));
});

const get = (url: string, signal = AbortSignal.timeout(5_000)) =>
  getFromRegistry({ url: new URL(url), authorization: 'Basic secret', signal, allowsLoopback: true });
const port = () => (server.address() as AddressInfo).port;

describe('a request to a registry', () => {
  it.each(['127.0.0.1', 'localhost'])('is not sent to %s, whose certificate is not trusted', async (host) => {
    await expect(get(`https://${host}:${port()}/v2/`)).rejects.toThrow('its certificate is not trusted');
    expect(received).toEqual([]);
  });

  it('is not sent without TLS', async () => {
    await expect(get(`https://${plain.host}/v2/`)).rejects.toThrow('no secure connection to it could be made');
    expect(plain.requests).toEqual([]);
  });

  it('is not sent to a name without an address, or to a closed port', async () => {
    await expect(get('https://registry.invalid/v2/')).rejects.toThrow('its name has no address');
    await expect(get('https://127.0.0.1:1/v2/')).rejects.toThrow('no secure connection to it could be made');
  });

  it('is not sent after its deadline', async () => {
    await expect(get(`http://${plain.host}/v2/`, AbortSignal.abort())).rejects.toThrow('it did not answer in time');
    expect(plain.requests).toEqual([]);
  });

  it.each(['http://[::ffff:169.254.169.254]/', 'http://2852039166/', 'http://0xa9.0xfe.43518/', 'http://[fe80::1]/'])(
    'is not sent to the metadata of a machine: %s',
    (url) => expect(get(url)).rejects.toThrow('its address is not one that the control plane calls'),
  );
});
