import { type Row, rowsOf, type Wire } from './wire.js';

export type Variables = Readonly<Record<string, string>>;

/** What the plane has of an app, in the parts that existing clients read. */
export interface AppState {
  readonly app: Row;
  readonly secretEnv: Variables;
  readonly env: Variables;
  readonly secretFiles: readonly Row[];
  readonly overrides: readonly Row[];
  readonly requires: Readonly<Record<string, Row>>;
}

export interface AppPlace {
  readonly aid: string;
  readonly cid: string;
  readonly id: string;
}

/** The path of an app in the API. */
export const appPath = ({ aid, cid, id }: AppPlace): string => `/${aid}/${cid}/apps/${id}`;

/** `envVars` names the variables only where it is the single key. */
function variablesOf(body: Row): Variables {
  const { envVars, ...others } = body;
  return (envVars !== undefined && Object.keys(others).length === 0 ? envVars : body) as Variables;
}

/** Reads an app by the requests of existing clients, in their order. */
export async function readApp(wire: Wire, place: AppPlace): Promise<AppState> {
  const apps = rowsOf(await wire.get(`/${place.aid}/${place.cid}/apps`), 'apps');
  if (!apps.some(({ id }) => id === place.id)) throw new Error(`the list of apps has no ${place.id}`);
  const path = appPath(place);
  const app = await wire.get(path);
  const secretEnv = variablesOf(await wire.get(`${path}/secret-env-vars`));
  const env = variablesOf(await wire.get(`${path}/env-vars`));
  const files = rowsOf(await wire.get(`${path}/secret-files`), 'files');
  const overrides = rowsOf(await wire.get(`${path}/overrides`), 'overrides');
  const requires = (await wire.get(`${path}/requires`)) as AppState['requires'];
  const secretFiles: Row[] = [];
  for (const { filename } of files)
    secretFiles.push(await wire.get(`${path}/secret-files/${encodeURIComponent(String(filename))}`));
  return { app, secretEnv, env, secretFiles, overrides, requires };
}

/** Names of variables that a link claims, which no file of a user contains as its own. */
export const claimedNames = (requires: AppState['requires']): ReadonlySet<string> =>
  new Set(Object.values(requires).flatMap(({ env }) => Object.values((env ?? {}) as Variables)));
