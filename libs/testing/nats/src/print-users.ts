import { parseArgs } from 'node:util';
import { accountsOf } from './accounts.js';
import { contractsOf, withPermissionsOf } from './mixed-versions.js';
import { externalUsers } from './server-config.js';

// `npm run nats:users [-- --from DIR]`: the accounts and users for the configuration of an external nats-server. With
// `--from`, services also have the permissions of the build in DIR, for the time of an upgrade.
const { from } = parseArgs({ options: { from: { type: 'string' } } }).values;
const users = externalUsers();
process.stdout.write(accountsOf(from === undefined ? users : withPermissionsOf(users, await contractsOf(from))));
