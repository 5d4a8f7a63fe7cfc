import { isIP } from 'node:net';

/** What the first bytes of a connection contain. */
export type ProxyHeader =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid' }
  /** `source` is the address of the client; undefined for a connection of the balancer itself, as of a health check. */
  | { readonly kind: 'complete'; readonly bytes: number; readonly source: string | undefined };

const incomplete = { kind: 'incomplete' } as const;
const invalid = { kind: 'invalid' } as const;

const signature1 = Buffer.from('PROXY ');
const signature2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n');
/** The longest line of version 1 with its line end, bytes. */
const maxLineBytes = 107;
/** Version 2 has fixed fields of 16 bytes, addresses, and extensions that nothing here reads. The limit is ours, bytes. */
const fixedBytes = 16;
const maxVariableBytes = 2_048;

/** Reads the header of the PROXY protocol, version 1 or 2, that a balancer sends before the bytes of its client. */
export function readProxyHeader(data: Buffer): ProxyHeader {
  if (startsLike(data, signature2)) return data.length < fixedBytes ? incomplete : readVersion2(data);
  if (startsLike(data, signature1)) return readVersion1(data);
  return invalid;
}

/** Whether the data, as far as it has arrived, starts with these bytes. */
const startsLike = (data: Buffer, signature: Buffer): boolean => {
  const length = Math.min(data.length, signature.length);
  return data.subarray(0, length).equals(signature.subarray(0, length));
};

/** `PROXY TCP4 <source> <destination> <source port> <destination port>`, or `PROXY UNKNOWN` and anything. */
function readVersion1(data: Buffer): ProxyHeader {
  const end = data.subarray(0, maxLineBytes).indexOf('\r\n');
  if (end < 0) return data.length < maxLineBytes ? incomplete : invalid;
  const bytes = end + 2;
  const [, family, source = '', destination = '', ...ports] = data.toString('latin1', 0, end).split(' ');
  if (family === 'UNKNOWN') return { kind: 'complete', bytes, source: undefined };
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : undefined;
  const isValid = isIP(source) === version && isIP(destination) === version && ports.length === 2;
  return isValid && ports.every(isPort) ? { kind: 'complete', bytes, source } : invalid;
}

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;

/** Family and transport of version 2, with the bytes of both addresses and both ports. */
const unspecified = 0x00;
const tcp4 = { code: 0x11, bytes: 12 };
const tcp6 = { code: 0x21, bytes: 36 };

function readVersion2(data: Buffer): ProxyHeader {
  const command = data[12];
  const family = data[13];
  const variableBytes = data.readUInt16BE(14);
  const bytes = fixedBytes + variableBytes;
  if ((command !== 0x20 && command !== 0x21) || variableBytes > maxVariableBytes) return invalid;
  if (data.length < bytes) return incomplete;
  const isLocal = command === 0x20;
  if (isLocal || family === unspecified) return { kind: 'complete', bytes, source: undefined };
  const addresses = data.subarray(fixedBytes, bytes);
  if (family === tcp4.code && variableBytes >= tcp4.bytes)
    return { kind: 'complete', bytes, source: addresses.subarray(0, 4).join('.') };
  if (family === tcp6.code && variableBytes >= tcp6.bytes)
    return { kind: 'complete', bytes, source: ipv6Of(addresses.subarray(0, 16)) };
  return invalid;
}

/** All eight groups, in hexadecimal. */
const ipv6Of = (address: Buffer): string =>
  Array.from({ length: 8 }, (_, group) => address.readUInt16BE(2 * group).toString(16)).join(':');
