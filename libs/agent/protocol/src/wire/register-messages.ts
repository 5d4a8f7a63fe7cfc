import type { MethodDefinition } from '@grpc/grpc-js';

/** Which of the two agents asks; it must equal the purpose of the registration token. */
export type AgentKind = 'node' | 'cluster-agent';

export interface NodeRegistrationRequest {
  readonly machineId: string;
  readonly aid: string;
  readonly token: string;
  /** `<ID>-<VERSION_ID>` of /etc/os-release, or `unknown`. */
  readonly os: string;
  /** Empty from agents that expect the server to make their key. */
  readonly csrPem: string;
  /** Empty means `node`; checked by whoever reads it. */
  readonly agentKind: string;
}

export interface NodeRegistrationResponse {
  readonly nid: string;
  /** PKCS#1 RSA in PEM, or empty when the request carried a CSR. */
  readonly privateKey: string;
  /** The leaf certificate in PEM. */
  readonly publicKey: string;
  readonly caCert: string;
  readonly cid: string;
}

/** Port 9191. `ServerRegister` is left out: no known agent calls it, so it answers UNIMPLEMENTED. */
export interface RegisterService {
  readonly Register: MethodDefinition<NodeRegistrationRequest, NodeRegistrationResponse>;
}
