import { expect, it } from '@jest/globals';
import { addressesInUse } from './cluster-network.js';

it('the addresses of name servers and proxies are in use, whatever the routes are', () => {
  const resolvConf = '# nameserver 10.1.1.1\nnameserver 10.210.0.2\nnameserver\t10.211.0.2 \nnameserver fd00::1\n';
  const env = {
    HTTPS_PROXY: 'http://user:secret@10.224.7.1:3128',
    http_proxy: 'http://proxy.example.org:3128',
    all_proxy: 'none',
  };
  expect(addressesInUse(resolvConf, env)).toEqual(['10.210.0.2', '10.211.0.2', '10.224.7.1']);
  expect(addressesInUse('', {})).toEqual([]);
});
