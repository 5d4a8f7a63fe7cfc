import { BlockList } from 'node:net';

/**
 * Addresses that registries do not have (RFC 6890): loopback, link-local, multicast and unspecified ones. Clouds serve
 * credentials of the machine under the single addresses. Private networks may have a registry.
 */
const refused: readonly (readonly [address: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
];
const loopback: readonly (readonly [address: string, prefix: number])[] = [['127.0.0.0', 8]];

/** Prefixes of IPv6 behind which an IPv4 address is: mapped (RFC 4291), translated (RFC 6052) and compatible. */
const embedding = ['::ffff:', '64:ff9b::', '::'] as const;

function listOf(ranges: typeof refused, ...others: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of ranges) {
    list.addSubnet(address, prefix, 'ipv4');
    for (const before of embedding) list.addSubnet(`${before}${address}`, 96 + prefix, 'ipv6');
  }
  for (const [address, prefix] of others) list.addSubnet(address, prefix, 'ipv6');
  return list;
}

const refusedAddresses = listOf(
  refused,
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::254', 128],
  // Both embed an IPv4 address elsewhere (RFC 3056, RFC 4380), and no registry needs them.
  ['2002::', 16],
  ['2001::', 32],
);
const loopbackAddresses = listOf(loopback, ['::1', 128]);

/** Whether the control plane may call a registry at an address. `allowsLoopback` is for tests only. */
export function isCallable(address: string, allowsLoopback = false): boolean {
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  if (loopbackAddresses.check(address, family)) return allowsLoopback;
  return !refusedAddresses.check(address, family);
}
