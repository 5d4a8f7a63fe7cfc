import type { MethodDefinition } from '@grpc/grpc-js';
import type { Envelope } from '../envelope/envelope.js';

type Nothing = Readonly<Record<string, never>>;

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

/** Port 9192: the methods agents call. What no known agent calls is left out and answers UNIMPLEMENTED. */
export interface StreamService {
  readonly NodeAgentStream: MethodDefinition<Envelope, Envelope>;
  readonly ClusterAgentStream: MethodDefinition<Envelope, Envelope>;
  readonly AddNodelog: MethodDefinition<AddNodelogRequest, Nothing>;
  readonly UpdateStatus: MethodDefinition<{ readonly status: string }, Nothing>;
  readonly ManualSync: MethodDefinition<
    { readonly nodePeer: VpnPeer | null; readonly nodeIsReady: boolean },
    { readonly peers: readonly VpnPeer[] }
  >;
  readonly GetControlPlaneNodes: MethodDefinition<
    Nothing,
    { readonly ControlPlaneNodes: readonly { readonly vpnIp: string; readonly kubeEndpoint: string }[] }
  >;
  readonly GetInstallVpnCommands: MethodDefinition<Nothing, { readonly commands: readonly InstallCommand[] }>;
  readonly GetInstallCommands: MethodDefinition<
    { readonly jsonB64FileList: string },
    { readonly commands: readonly InstallCommand[] }
  >;
  readonly RegenerateCertificate: MethodDefinition<{ readonly csrPem: string }, Credentials>;
  readonly GetClusterAgentCredentials: MethodDefinition<Nothing, Credentials>;
}
