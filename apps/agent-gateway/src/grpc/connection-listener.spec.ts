import { once } from 'node:events';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectionLimit } from '@runos/security';
import { createAuthority, issueLeaf, newEcKey } from '@runos/pki';
import { proxyBalancer, version2 } from '../../test/proxy-balancer.js';
import { validForDays } from '../authority/certificate-authorities.js';
import { addressOf, ConnectionListener } from './connection-listener.js';

const accepted: TLSSocket[] = [];
let listener: ConnectionListener;
let balancer: Awaited<ReturnType<typeof proxyBalancer>>;

beforeAll(async () => {
  const authority = await createAuthority('spec', validForDays(1));
  const { keyPem, publicKey } = await newEcKey();
  const leaf = { publicKey, usage: 'server', commonName: 'spec', dnsNames: ['localhost'] } as const;
  const certificate = await issueLeaf(authority, { ...validForDays(1), ...leaf });
  const tls = createServer({ key: keyPem, cert: certificate }, (socket) => {
    accepted.push(socket);
    socket.on('error', () => undefined).pipe(socket);
  });
  listener = new ConnectionListener({
    host: '127.0.0.1',
    port: 0,
    balancers: ['127.0.0.1'],
    connections: new ConnectionLimit({ max: 0, onReached: () => undefined }),
    onConnection: (socket) => void tls.emit('connection', socket),
  });
  balancer = await proxyBalancer(await listener.listen(), () => version2('203.0.113.7', { extensions: 32 }));
});
afterAll(() => {
  balancer.stop();
  listener.stop();
});

describe('a TLS connection through a balancer', () => {
  it('passes every byte on, and has the address of its client while it is open', async () => {
    const client = connect({ port: balancer.port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(client, 'secureConnect');
    const text = 'x'.repeat(100_000);
    client.setEncoding('utf8').write(text);
    let echoed = '';
    while (echoed.length < text.length) echoed += String((await once(client, 'data'))[0]);
    expect(echoed).toBe(text);
    const socket = accepted.at(-1) as TLSSocket;
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    expect(listener.clientOf(peer)).toBe(`203.0.113.7:${socket.remotePort}`);
    client.destroy();
    await once(socket, 'close');
    expect(listener.clientOf(peer)).toBe(peer);
  });
});

it('the address of a peer does not contain its port', () => {
  expect(addressOf('203.0.113.7:4711')).toBe('203.0.113.7');
  expect(addressOf('2001:db8:0:0:0:0:0:7:4711')).toBe('2001:db8:0:0:0:0:0:7');
});
