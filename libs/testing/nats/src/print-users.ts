import { planeUsers } from './server-config.js';

// `npm run nats:users`: the users for the configuration of an external nats-server.
process.stdout.write(planeUsers());
