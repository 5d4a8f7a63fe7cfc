/** Names that several objects of an instance share. */
export const names = {
  amqpPort: 5672,
  managementPort: 15_672,
  username: 'app',
  dataDir: '/var/lib/rabbitmq',
  config: (osid: string): string => `${osid}-config`,
  /** The headless Service that gives every pod a DNS name. */
  members: (osid: string): string => `${osid}-members`,
  /** The Erlang node name of the pod with this ordinal. */
  node: (osid: string, ordinal: number | string): string => `rabbit@${osid}-${ordinal}.${osid}-members.${osid}.svc`,
} as const;

/** The pod selector; it never changes, because a StatefulSet's selector is immutable. */
export const selectorOf = (osid: string) => ({ 'app.kubernetes.io/name': 'rabbitmq', 'runos.com/osid': osid });
