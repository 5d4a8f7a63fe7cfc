import { describe, expect, it } from '@jest/globals';
import type { ClusterDomain } from '@runos/naming';
import { refuseClusterHosts } from './custom-domains.js';

const domain = 'lab01.acme1.example.com' as ClusterDomain;
const portsWith = (...hosts: string[]) => [{ domains: [] }, { domains: hosts.map((fqdn) => ({ fqdn })) }];

describe('the own hosts of an app', () => {
  it.each([domain, `a.${domain}`, `a.b.${domain}`])('do not lie under the domain of the cluster: %s', (host) => {
    const path = 'servicePortMappings[1].domains[1].fqdn';
    const issues = [{ path, message: expect.stringContaining('the domain of the cluster') }];
    expect(() => refuseClusterHosts(portsWith('shop.example.com', host), domain)).toThrow(
      expect.objectContaining({ code: 'request.invalid', details: { issues } }),
    );
  });

  it('may share the root of the cluster, or an end of its domain', () => {
    expect(() => refuseClusterHosts(portsWith('acme1.example.com', `x${domain}`), domain)).not.toThrow();
  });
});
