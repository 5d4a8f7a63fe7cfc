import type { Permissions } from '@runos/contracts';

/** The account that holds JetStream. */
export const streamsAccount = 'STREAMS';

/** A user of NATS with its account, password and permissions. */
export interface NatsUser extends Permissions {
  /** `PLANE` holds the services, and reaches only the JetStream subjects of its users. */
  readonly account: 'PLANE' | typeof streamsAccount;
  readonly user: string;
  readonly password: string;
}

/**
 * The accounts of nats-server's configuration; passwords are in its syntax. The server sends JetStream's replies to
 * any subject that a request names, without a check of permissions. They stay in the account of the requester,
 * where JetStream serves nothing but what is imported. So such a reply cannot create, change or delete a stream.
 */
export function accountsOf(users: readonly NatsUser[]): string {
  const imported = [...new Set([accountInfo, ...users.flatMap(({ jetStream }) => jetStream)])];
  const exports = imported.map((service) => ({ service, accounts: ['PLANE'], ...responsesOf(service) }));
  const imports = imported.map((subject) => ({ service: { account: streamsAccount, subject } }));
  const of = (account: NatsUser['account']) => users.filter((user) => user.account === account);
  return `accounts {
  ${streamsAccount} {
    jetstream: enabled
    users: [
${entriesOf(of(streamsAccount).map(userEntry))}
    ]
    exports: [
${entriesOf(exports.map((entry) => JSON.stringify(entry)))}
    ]
  }
  PLANE {
    users: [
${entriesOf(of('PLANE').map(userEntry))}
    ]
    imports: [
${entriesOf(imports.map((entry) => JSON.stringify(entry)))}
    ]
  }
}
`;
}

/**
 * Without this import, nats-server serves the whole JetStream API to the account, with errors for its own streams
 * beside the replies for the imported ones. No user has a permission to publish to it.
 */
const accountInfo = '$JS.API.INFO';

/** A fetch has several replies: messages and a status. */
const responsesOf = (subject: string): object =>
  subject.startsWith('$JS.API.CONSUMER.MSG.NEXT.') ? { response_type: 'stream' } : {};

const entriesOf = (lines: readonly string[]): string => lines.map((line) => `      ${line}`).join('\n');

const userEntry = (user: NatsUser): string =>
  `{ user: ${JSON.stringify(user.user)}, password: ${user.password}, permissions: ${permissionsEntry(user)} }`;

function permissionsEntry({ publish, subscribe }: Permissions): string {
  // An empty "allow" would permit everything, so an empty list denies all subjects.
  const only = (subjects: readonly string[]): object => (subjects.length > 0 ? { allow: subjects } : { deny: ['>'] });
  return JSON.stringify({ publish: only(publish), subscribe: only(subscribe) });
}
