import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type Options } from '@grpc/proto-loader';
import type { RegisterService, StreamService } from './service-types.js';

/** Keeps field names as they are on the wire (`docs_url`, `ControlPlaneNodes`) and gives absent fields their default. */
export const protoOptions = { keepCase: true, defaults: true, longs: Number, enums: String } satisfies Options;

/** The package contains the .proto files beside `src` and `dist`. */
export const protoPath = (name: 'l1sec' | 'l2sec'): string =>
  fileURLToPath(new URL(`../../proto/${name}.proto`, import.meta.url));

/** The service `Nodeward` of one of the two files. */
export function loadNodeward(name: 'l1sec' | 'l2sec'): ServiceDefinition {
  const found = loadSync(protoPath(name), protoOptions)[`runos.nodeward.proto.${name}.Nodeward`];
  if (found === undefined || 'format' in found) {
    throw new Error(`${protoPath(name)} defines no service runos.nodeward.proto.${name}.Nodeward`);
  }
  return found as ServiceDefinition;
}

/** The methods of port 9191, for a grpc-js server or for `callUnary`. */
export const registerService = loadNodeward('l1sec') as unknown as RegisterService;

/** The methods of port 9192, for a grpc-js server, `callUnary` or `openStream`. */
export const streamService = loadNodeward('l2sec') as unknown as StreamService;
