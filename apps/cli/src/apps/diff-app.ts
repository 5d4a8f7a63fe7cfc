import { appFromServer, compareApp, type FieldChange } from '@runos/manifest';
import type { LocalApp } from './local-app.js';
import { serverContent, type ServerApp } from './server-app.js';

export interface AppDifference {
  readonly changes: readonly FieldChange[];
  /** What was not compared, and what differs in the cluster: sentences. */
  readonly notes: readonly string[];
}

/** What differs between the files of an app and the server. */
export function diffApp({ content, file }: LocalApp, server: ServerApp): AppDifference {
  const state = appFromServer(server.shown, file);
  const missing = (file.secretFiles ?? []).filter(({ local }) => content.md5s[local] === undefined);
  return {
    changes: compareApp(content, serverContent(server, state)),
    notes: [
      ...(content.env === undefined && server.shown.hasEnv ? ['env is not compared: its file does not exist.'] : []),
      ...(content.secretEnv === undefined && server.shown.hasSecretEnv
        ? ['secretEnv is not compared: its file does not exist.']
        : []),
      ...missing.map(({ local }) => `${local} is not compared: it does not exist.`),
      ...(server.clusterDrift === undefined ? [] : [`The cluster differs from the server: ${server.clusterDrift}`]),
    ],
  };
}
