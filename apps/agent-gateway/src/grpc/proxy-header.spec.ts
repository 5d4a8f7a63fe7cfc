import { describe, expect, it } from '@jest/globals';
import { version1, version2 } from '../../test/proxy-balancer.js';
import { readProxyHeader } from './proxy-header.js';

const tls = Buffer.from([0x16, 0x03, 0x01]);
const after = (header: Buffer) => Buffer.concat([header, tls]);
const complete = (header: Buffer, source: string | undefined) => ({ kind: 'complete', bytes: header.length, source });

describe('the header of the PROXY protocol', () => {
  it.each([
    ['version 1, IPv4', version1('203.0.113.7'), '203.0.113.7'],
    ['version 1, IPv6', version1('2001:db8::7'), '2001:db8::7'],
    ['version 1 without addresses', Buffer.from('PROXY UNKNOWN\r\n'), undefined],
    ['version 2, IPv4', version2('203.0.113.7'), '203.0.113.7'],
    ['version 2, IPv6', version2('2001:db8:0:0:0:0:0:7'), '2001:db8:0:0:0:0:0:7'],
    ['version 2 with extensions', version2('203.0.113.7', { extensions: 300 }), '203.0.113.7'],
    ['version 2 of a health check', version2('203.0.113.7', { command: 0x20 }), undefined],
    ['version 2 without addresses', version2('203.0.113.7', { family: 0x00 }), undefined],
  ])('of %s contains the client, also when it arrives byte by byte', (_, header, source) => {
    expect(readProxyHeader(after(header))).toEqual(complete(header, source));
    for (let bytes = 0; bytes < header.length; bytes += 1)
      expect(readProxyHeader(header.subarray(0, bytes))).toEqual({ kind: 'incomplete' });
  });

  it.each([
    ['absent', tls],
    ['of an unknown protocol', Buffer.from('PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n')],
    ['with an address of the other family', Buffer.from('PROXY TCP4 2001:db8::7 1.2.3.4 1 2\r\n')],
    ['with a port that is none', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n')],
    ['with a field too many', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n')],
    ['without an end', Buffer.from(`PROXY TCP4 ${'1'.repeat(200)}`)],
    ['of version 3', version2('203.0.113.7', { command: 0x31 })],
    ['with an unknown command', version2('203.0.113.7', { command: 0x22 })],
    ['of a datagram', version2('203.0.113.7', { family: 0x12 })],
    ['of a family that needs more bytes', version2('203.0.113.7', { family: 0x21 })],
    ['that is too long', version2('203.0.113.7', { extensions: 60_000 })],
  ])('%s is not valid', (_, data) => {
    expect(readProxyHeader(data)).toEqual({ kind: 'invalid' });
  });
});
