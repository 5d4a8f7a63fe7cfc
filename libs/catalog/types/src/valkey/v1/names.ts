/** Names that several objects of an instance share. */
export const names = {
  port: 6379,
  username: 'default',
  configDir: '/etc/valkey/config',
  secretDir: '/etc/valkey/secret',
  config: (osid: string): string => `${osid}-config`,
  /** The headless Service that gives every pod a DNS name. */
  members: (osid: string): string => `${osid}-members`,
  /** The Service of the read replicas. */
  readOnly: (osid: string): string => `${osid}-ro`,
} as const;
