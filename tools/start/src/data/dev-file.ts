import { type DataFolder } from './data-folder.js';

/** `<data>/dev.json`: all that a script needs to use a running plane. */
export interface Dev {
  /** The plane answers, and account and cluster exist. */
  readonly ready: boolean;
  /** The cluster agent is connected. */
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
  /** host:port of both doors, and the path of the CA file of the first. */
  readonly agentGateway: { readonly register: string; readonly stream: string; readonly ca: string };
  /** Every replica's own doors, behind the ones above when there are several. */
  readonly replicas: readonly { readonly apiUrl: string; readonly register: string; readonly stream: string }[];
  /** The database as its superuser. */
  readonly databaseUrl: string;
  /** Where each service, and the cluster agent, answers `/livez`, `/readyz` and `/metrics`. */
  readonly ops: Readonly<Record<string, string>>;
  readonly pids: Readonly<Record<string, number>>;
}

const nothing: Dev = {
  ready: false,
  clusterReady: false,
  apiUrl: '',
  aid: '',
  cid: null,
  email: '',
  password: '',
  token: '',
  kubeconfig: null,
  agentGateway: { register: '', stream: '', ca: '' },
  replicas: [],
  databaseUrl: '',
  ops: {},
  pids: {},
};

/** Written anew, as a whole, on every change. */
export class DevFile {
  #now: Dev = nothing;

  constructor(private readonly folder: DataFolder) {
    this.update({});
  }

  get now(): Dev {
    return this.#now;
  }

  /** Where one process tells how it is. */
  readonly addOps = (name: string, url: string): void => this.update({ ops: { ...this.#now.ops, [name]: url } });

  update(change: Partial<Dev>): void {
    this.#now = { ...this.#now, ...change };
    this.folder.writeJson('dev.json', this.#now);
  }
}
