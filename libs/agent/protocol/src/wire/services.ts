import { fileURLToPath } from 'node:url';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type Options } from '@grpc/proto-loader';
import type { Envelope } from '../envelope/envelope.js';

type Empty = Readonly<Record<string, never>>;

/** The kind of the agent; it must equal the purpose of the registration token. */
export type AgentKind = 'node' | 'cluster-agent';

export interface NodeRegistrationRequest {
  readonly machineId: string;
  readonly aid: string;
  readonly token: string;
  /** `<ID>-<VERSION_ID>` of /etc/os-release, or `unknown`. */
  readonly os: string;
  /** Empty for agents that expect the server to generate their key. */
  readonly csrPem: string;
  /** An `AgentKind`, which the receiver validates; empty means `node`. */
  readonly agentKind: string;
}

export interface NodeRegistrationResponse {
  readonly nid: string;
  /** PKCS#1 RSA in PEM, or empty when the request contained a CSR. */
  readonly privateKey: string;
  /** The leaf certificate in PEM. */
  readonly publicKey: string;
  readonly caCert: string;
  readonly cid: string;
}

/** Port 9191. `ServerRegister` is left out, because no known agent calls it; it answers UNIMPLEMENTED. */
export interface RegisterService {
  readonly Register: MethodDefinition<NodeRegistrationRequest, NodeRegistrationResponse>;
}

export interface Credentials {
  readonly privateKey: string;
  readonly publicKey: string;
  readonly caCert: string;
}

export interface AddNodelogRequest {
  readonly type: string;
  /** 1 error, 2 warning, 3 info. */
  readonly severity: number;
  readonly message: string;
  readonly code: string;
  readonly cause: string;
  readonly remedy: string;
  readonly docs_url: string;
}

export interface VpnPeer {
  readonly pubKey: string;
  readonly endpointIp: string;
  readonly ip: string;
}

export interface InstallCommand {
  readonly commandId: number;
  readonly command: string;
  readonly afterCommandId: number;
  readonly afterCommandIdResultDoesNotMatch: string;
  readonly afterCommandIdResultMatches: string;
  readonly ignoreFailure: boolean;
}

/** Port 9192. Methods that no known agent calls are left out; they answer UNIMPLEMENTED. */
export interface StreamService {
  readonly NodeAgentStream: MethodDefinition<Envelope, Envelope>;
  readonly ClusterAgentStream: MethodDefinition<Envelope, Envelope>;
  readonly AddNodelog: MethodDefinition<AddNodelogRequest, Empty>;
  readonly UpdateStatus: MethodDefinition<{ readonly status: string }, Empty>;
  readonly ManualSync: MethodDefinition<
    { readonly nodePeer: VpnPeer | null; readonly nodeIsReady: boolean },
    { readonly peers: readonly VpnPeer[] }
  >;
  readonly GetControlPlaneNodes: MethodDefinition<
    Empty,
    { readonly ControlPlaneNodes: readonly { readonly vpnIp: string; readonly kubeEndpoint: string }[] }
  >;
  readonly GetInstallVpnCommands: MethodDefinition<Empty, { readonly commands: readonly InstallCommand[] }>;
  readonly GetInstallCommands: MethodDefinition<
    { readonly jsonB64FileList: string },
    { readonly commands: readonly InstallCommand[] }
  >;
  readonly RegenerateCertificate: MethodDefinition<{ readonly csrPem: string }, Credentials>;
  readonly GetClusterAgentCredentials: MethodDefinition<Empty, Credentials>;
}

/** Keeps field names as they are on the wire (`docs_url`, `ControlPlaneNodes`) and gives absent fields their default. */
export const protoOptions = { keepCase: true, defaults: true, longs: Number, enums: String } satisfies Options;

/**
 * The path of a .proto file, beside `src` and `dist`. `l1sec` describes the register port, whose server certificate
 * the CA L1 signs. `l2sec` describes the stream port: the CA L2 signs its server certificate and every agent's.
 */
export const protoPath = (name: 'l1sec' | 'l2sec'): string =>
  fileURLToPath(new URL(`../../proto/${name}.proto`, import.meta.url));

/**
 * The gRPC service of one of the two files. Both are called `Nodeward`, which is fixed by existing agents.
 * @throws Error when the file defines no such service
 */
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
