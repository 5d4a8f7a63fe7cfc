import type { AppSyncPlan, SecretFileContent, SyncWrite, VariablePlan } from '@runos/manifest';
import type { WritePlan } from '../sync/planned-objects.js';
import { changesDocument } from '../output/changes-text.js';
import { plainStyle } from '../output/style.js';
import { planText } from '../sync/plan-text.js';
import type { LocalApp } from './local-app.js';
import type { ServerApp } from './server-app.js';

const redacted = '<redacted>';

export interface PlannedSync {
  readonly local: LocalApp;
  readonly server: ServerApp;
  readonly plan: AppSyncPlan;
  readonly notes: readonly string[];
  /** With `--objects`. */
  readonly objects?: readonly WritePlan[] | undefined;
}

/** The plan as a document: the keys of existing clients, then those of this program. Values of secrets only under `showsSecrets`. */
export function planDocument({ local, server, plan, notes, objects }: PlannedSync, showsSecrets: boolean): object {
  const { id, name } = server.shown.app;
  const patch = plan.writes.find(({ method }) => method === 'PATCH');
  const overrides = plan.writes.filter(({ path }) => path.startsWith('/overrides')).map(overrideDocument);
  const linked = server.linked.length > 0 ? { preservedByPlatform: server.linked } : {};
  return {
    appId: id,
    appName: name,
    cid: server.shown.cid,
    hasChanges: plan.writes.length > 0,
    ...(notes.length > 0 && { notes }),
    ...(patch && { yamlPatch: patch.body, yamlDiff: planText(patch.changes, plainStyle) }),
    ...(plan.secretEnv && { secretEnv: { ...variablesDocument(plan.secretEnv, !showsSecrets), ...linked } }),
    ...(plan.env && { env: variablesDocument(plan.env, false) }),
    ...(plan.secretFiles && {
      secretFiles: nonEmpty({
        add: plan.secretFiles.add.map((file) => fileDocument(file, showsSecrets)),
        update: plan.secretFiles.update.map((file) => fileDocument(file, showsSecrets)),
        remove: plan.secretFiles.remove,
      }),
    }),
    ...(overrides.length > 0 && { overrides }),
    generation: server.generation,
    file: local.path,
    differences: changesDocument(plan.changes, showsSecrets),
    removals: plan.removals.map(({ field }) => field),
    kept: plan.kept.map(({ field }) => field),
    ...(objects && { objects }),
  };
}

function variablesDocument({ add, update, remove, final }: VariablePlan, isSecret: boolean): object {
  const shown = (values: VariablePlan['final']) =>
    isSecret ? Object.fromEntries(Object.keys(values).map((name) => [name, redacted])) : values;
  return { ...nonEmpty({ add: shown(add), update: shown(update), remove }), final: shown(final) };
}

const fileDocument = ({ filename, mountPath, content }: SecretFileContent, showsSecrets: boolean) => ({
  filename,
  mountPath,
  content: showsSecrets ? content : redacted,
});

const operations = { POST: 'add', PUT: 'update', DELETE: 'delete', PATCH: 'update' } as const;

function overrideDocument({ method, path, body }: SyncWrite): object {
  const [, , id] = path.split('/');
  return { op: operations[method], id, name: body?.['name'], enabled: body?.['enabled'] };
}

const nonEmpty = (parts: Readonly<Record<string, object>>): object =>
  Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0));
