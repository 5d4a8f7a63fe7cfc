import { loadNodeward } from './load-proto.js';
import type { RegisterService } from './register-messages.js';
import type { StreamService } from './stream-messages.js';

/** Nodeward of port 9191: its methods, ready for a grpc-js server or for `callUnary`. */
export const registerService = loadNodeward('l1sec') as unknown as RegisterService;

/** Nodeward of port 9192: its methods, ready for a grpc-js server, `callUnary` or `openStream`. */
export const streamService = loadNodeward('l2sec') as unknown as StreamService;
