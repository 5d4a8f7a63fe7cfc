import type { NodesKind } from '@runos/testing-kube';
import { type DataFolder } from './data-folder.js';

/** `<data>/dev.json`: everything that a script needs to use a running plane. */
export interface DevInfo {
  /** Whether the plane answers, and account and cluster exist. */
  readonly ready: boolean;
  /** Whether the cluster agent is connected. */
  readonly clusterReady: boolean;
  readonly apiUrl: string;
  readonly aid: string;
  /** null without a cluster. */
  readonly cid: string | null;
  readonly email: string;
  readonly password: string;
  /** A personal access token of the owner. */
  readonly token: string;
  readonly kubeconfig: string | null;
  /** Whether the demo cluster's nodes run containers or kwok plays them; null without a demo cluster. */
  readonly nodes: NodesKind | null;
  /** host:port of the registration and stream endpoints, and the CA file of the first. */
  readonly agentGateway: { readonly register: string; readonly stream: string; readonly ca: string };
  /** The endpoints of each replica, behind the balancers when there are several. */
  readonly replicas: readonly { readonly apiUrl: string; readonly register: string; readonly stream: string }[];
  /** The database URL of its superuser. */
  readonly databaseUrl: string;
  /** The addresses at which the services and the cluster agent serve `/livez`, `/readyz` and `/metrics`. */
  readonly ops: Readonly<Record<string, string>>;
  readonly pids: Readonly<Record<string, number>>;
}

const empty: DevInfo = {
  ready: false,
  clusterReady: false,
  apiUrl: '',
  aid: '',
  cid: null,
  email: '',
  password: '',
  token: '',
  kubeconfig: null,
  nodes: null,
  agentGateway: { register: '', stream: '', ca: '' },
  replicas: [],
  databaseUrl: '',
  ops: {},
  pids: {},
};

/** Rewrites the whole file on every change. */
export class DevFile {
  #current: DevInfo = empty;

  constructor(private readonly folder: DataFolder) {
    this.update({});
  }

  get current(): DevInfo {
    return this.#current;
  }

  /** Records where a process serves health and metrics. */
  readonly addOps = (name: string, url: string): void => this.update({ ops: { ...this.#current.ops, [name]: url } });

  update(change: Partial<DevInfo>): void {
    this.#current = { ...this.#current, ...change };
    this.folder.writeJson('dev.json', this.#current);
  }
}
