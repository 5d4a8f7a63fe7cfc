import { isIPv4 } from 'node:net';

/** The address without its port. */
export const addressOf = (peer: string): string => peer.replace(/:\d+$/, '');

const mappedIpv4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * The key by which limits count a caller without a certificate: an IPv4 address, or the /64 network of an IPv6 address,
 * because one machine usually has all addresses of such a network.
 */
export function limitKeyOf(address: string): string {
  const ipv4 = mappedIpv4.exec(address)?.[1] ?? address;
  if (isIPv4(ipv4) || !address.includes(':')) return ipv4;
  const [withoutZone = ''] = address.split('%');
  const [head = '', tail] = withoutZone.split('::');
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`;
}

/** A dotted IPv4 address at the end counts for two groups; no network of 64 bits contains them. */
const groupsOf = (text: string): string[] =>
  text === ''
    ? []
    : text.split(':').flatMap((group) => (group.includes('.') ? ['', ''] : [Number.parseInt(group, 16).toString(16)]));
