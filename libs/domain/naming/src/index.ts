export { ClusterDomain, type ClusterDomainParts } from './cluster-domain.js';
export { DnsName, maxLabelLength, maxNameLength } from './dns-name.js';
export { Host, type HostParts } from './host.js';
