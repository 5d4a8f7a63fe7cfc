import type { MethodDefinition } from '@grpc/grpc-js';
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
