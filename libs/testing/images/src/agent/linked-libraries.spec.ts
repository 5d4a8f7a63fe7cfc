import { expect, it } from '@jest/globals';
import { parseLibraries } from './linked-libraries.js';

it('the libraries of a program are the paths that ldd prints', () => {
  const output = `\tlinux-vdso.so.1 (0x00007f011e1cb000)
\tlibstdc++.so.6 => /lib/x86_64-linux-gnu/libstdc++.so.6 (0x00007f011de00000)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f011dc1e000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f011e1cd000)
`;
  expect(parseLibraries(output)).toEqual([
    '/lib/x86_64-linux-gnu/libstdc++.so.6',
    '/lib/x86_64-linux-gnu/libc.so.6',
    '/lib64/ld-linux-x86-64.so.2',
  ]);
});
