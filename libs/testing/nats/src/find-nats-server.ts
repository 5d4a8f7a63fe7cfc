import { findOnPath } from '@runos/testing-process';
import { type BuildOptions, buildNatsServer } from '@runos/testing-kube';

/** nats-server from PATH, else the one built for this machine, which takes half a minute the first time. */
export const findNatsServer = async (options: BuildOptions = {}): Promise<string> =>
  findOnPath('nats-server') ?? buildNatsServer(options);
