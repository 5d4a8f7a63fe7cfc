import { expect, it } from '@jest/globals';
import { AppFields } from './app-fields.js';

it('the ports of an app name each host once', () => {
  const ports = AppFields.shape.servicePortMappings;
  const first = { port: 80, domains: ['a.example.com', 'b.example.com'] };
  expect(ports.safeParse([first, { port: 81, domains: ['c.example.com'] }]).success).toBe(true);
  const twice = ports.safeParse([first, { port: 81, domains: ['c.example.com', { fqdn: 'a.example.com' }] }]);
  expect(twice.error?.issues).toMatchObject([
    { path: [1, 'domains', 1, 'fqdn'], message: 'names the host "a.example.com" twice' },
  ]);
});
