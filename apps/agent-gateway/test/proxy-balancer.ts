import { type AddressInfo, connect, createServer, isIPv4 } from 'node:net';

/** The header of version 1 for a client at this address. */
export const version1 = (source: string): Buffer => {
  const [family, destination] = isIPv4(source) ? ['TCP4', '198.51.100.1'] : ['TCP6', '2001:db8::1'];
  return Buffer.from(`PROXY ${family} ${source} ${destination} 40000 9191\r\n`);
};

export interface Version2Options {
  /** Version and command; default: version 2, PROXY. */
  readonly command?: number;
  /** Default: TCP over the family of the address. */
  readonly family?: number;
  /** Bytes after the addresses. */
  readonly extensions?: number;
}

/** The header of version 2; an IPv6 address has all eight groups. */
export function version2(source: string, { command = 0x21, family, extensions = 0 }: Version2Options = {}): Buffer {
  const address = isIPv4(source)
    ? Buffer.from(source.split('.').map(Number))
    : Buffer.from(
        source
          .split(':')
          .map((group) => group.padStart(4, '0'))
          .join(''),
        'hex',
      );
  const addresses = Buffer.concat([address, address, Buffer.from([0x9c, 0x40, 0x23, 0xe7]), Buffer.alloc(extensions)]);
  const fixed = Buffer.from('\r\n\r\n\0\r\nQUIT\n\0\0\0\0');
  fixed[12] = command;
  fixed[13] = family ?? (isIPv4(source) ? 0x11 : 0x21);
  fixed.writeUInt16BE(addresses.length, 14);
  return Buffer.concat([fixed, addresses]);
}

/** A TCP balancer that sends these bytes before those of each client, in two parts. */
export async function proxyBalancer(backend: number, header: () => Buffer) {
  const server = createServer((near) => {
    const far = connect(backend, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const)
      socket.on('error', () => other.destroy()).on('close', () => other.destroy());
    const bytes = header();
    far.setNoDelay(true);
    far.write(bytes.subarray(0, 7));
    setTimeout(() => {
      far.write(bytes.subarray(7));
      near.pipe(far);
      far.pipe(near);
    }, 20);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref(); // a failed test does not stop it
  return { port: (server.address() as AddressInfo).port, stop: () => void server.close() };
}
