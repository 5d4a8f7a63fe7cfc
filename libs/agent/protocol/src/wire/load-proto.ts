import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type Options } from '@grpc/proto-loader';

/** Field names stay as they are on the wire (`docs_url`, `ControlPlaneNodes`), absent fields get proto3's defaults. */
export const protoOptions = { keepCase: true, defaults: true, longs: Number, enums: String } satisfies Options;

/** The .proto files travel with the package, beside `src` and `dist`. */
export const protoPath = (name: 'l1sec' | 'l2sec'): string =>
  fileURLToPath(new URL(`../../proto/${name}.proto`, import.meta.url));

/** The service `Nodeward` of one of the two files; the caller names the methods it knows to be there. */
export function loadNodeward(name: 'l1sec' | 'l2sec'): ServiceDefinition {
  const found = loadSync(protoPath(name), protoOptions)[`runos.nodeward.proto.${name}.Nodeward`];
  if (found === undefined || 'format' in found) {
    throw new Error(`${protoPath(name)} defines no service runos.nodeward.proto.${name}.Nodeward`);
  }
  return found as ServiceDefinition;
}
