import type { ClusterDomain } from '@runos/naming';
import { invalidInput, type Issue } from '@runos/kernel';

/** The ports of an app with their own hosts. */
type Ports = readonly { readonly domains: readonly { readonly fqdn: string }[] }[];

/**
 * Refuses hosts of a user's own below the domain of the cluster: those are given by the control plane.
 * @throws Fault `request.invalid` with each such host
 */
export function refuseClusterHosts(ports: Ports, domain: ClusterDomain): void {
  const issues = ports.flatMap(({ domains }, port) =>
    domains.flatMap(({ fqdn }, index): Issue[] => {
      if (fqdn !== domain && !fqdn.endsWith(`.${domain}`)) return [];
      const path = `servicePortMappings[${port}].domains[${index}].fqdn`;
      return [
        { path, message: `"${fqdn}" lies under "${domain}", the domain of the cluster; choose a host of your own` },
      ];
    }),
  );
  if (issues.length > 0) throw invalidInput('request.invalid', issues);
}
