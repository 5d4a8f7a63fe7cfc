import { isIP } from 'node:net';

const mappedIpv4 = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/;
/** Groups of 16 bits. */
const addressGroups = 8;
const networkGroups = 4;

/**
 * The key of limits per client: an IPv4 address, or the /64 of an IPv6 address. One client usually has a whole /64 (RFC
 * 6177). `unknown` for anything else.
 */
export function clientNetwork(address: string | undefined): string {
  const [bare = ''] = (address ?? '').split('%');
  const version = isIP(bare);
  if (version === 0) return 'unknown';
  if (version === 4) return bare;
  // The URL parser writes an address in the form of RFC 5952.
  const normal = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const [, high, low] = mappedIpv4.exec(normal) ?? [];
  if (high !== undefined && low !== undefined) return [high, low].flatMap(bytesOf).join('.');
  const [head = [], tail = []] = normal.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(addressGroups - head.length - tail.length).fill('0');
  return `${[...head, ...zeros, ...tail].slice(0, networkGroups).join(':')}::/64`;
}

/** The two bytes of a group. */
const bytesOf = (group: string): number[] => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff];
