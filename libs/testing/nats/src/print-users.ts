import { planeUsers } from './plane-users.js';

// `npm run nats:users`: what to include in the configuration of one's own nats-server.
process.stdout.write(planeUsers());
