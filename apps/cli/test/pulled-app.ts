import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach } from '@jest/globals';
import { AppModel } from '@runos/manifest/testing';
import type { FakeGateway } from './fake-gateway.js';
import type { CliHome, RunResult } from './memory-terminal.js';
import { sampleCatalog } from './sample-catalog.js';
import { serveModel } from './serve-model.js';
import { useFakeGateway } from './use-fake-gateway.js';

const folder = 'runos.lab01.k3v9q';
const appPath = '/acme1/lab01/apps/k3v9q';

interface Typed {
  readonly columns?: number;
  readonly input?: string;
}

/** An app on a fake gateway, with its files in a folder. Each test has new ones. */
export class PulledApp {
  gateway!: FakeGateway;
  home!: CliHome;
  model!: AppModel;

  run = (argv: string, typed: Typed = {}): Promise<RunResult> =>
    this.home.run(argv.split(' '), {
      ...typed,
      env: {
        RUNOS_API_URL: this.gateway.url,
        RUNOS_API_KEY: 'key1',
        RUNOS_ACCOUNT_ID: 'acme1',
        RUNOS_CLUSTER_ID: 'lab01',
      },
    });
  sync = (options = '', typed: Typed = {}): Promise<RunResult> => this.run(`apps sync ${folder}${options}`, typed);
  syncFile = (): Promise<RunResult> => this.run(`apps sync ${folder}/runos.yaml`);
  diff = (): Promise<RunResult> => this.run(`apps diff ${folder}/runos.yaml`);

  /** A path in the folder. */
  at = (...path: string[]): string => join(this.home.folder, folder, ...path);
  read = (...path: string[]): string => readFileSync(this.at(...path), 'utf8');
  edit = (file: string, from: string | RegExp, to: string): void =>
    writeFileSync(this.at(file), this.read(file).replace(from, to));

  /** Changes each part: four writes. */
  editAll = (): void => {
    this.edit('runos.yaml', 'app.sl1.small\n', 'app.sl1.small # ours\nreplicas: 3\n');
    this.edit('runos.yaml', /^requires:/m, '    - local: overrides/new.yaml\nrequires:');
    writeFileSync(this.at('overrides', 'new.yaml'), 'a: 1\n');
    writeFileSync(this.at('overrides', 'probe.yaml'), 'spec: {replicas: 2}\n');
    this.edit('runos.lab01.k3v9q.config.env', 'info', 'debug');
  };

  /** The writes that the gateway has received. */
  written = () => this.gateway.received.filter(({ method, url }) => method !== 'GET' && !url.endsWith('/plan'));
  /** Their methods and paths, without that of the app. */
  writesOf = (): readonly string[] => this.written().map(({ method, url }) => `${method} ${url.replace(appPath, '')}`);
}

/** Starts a gateway for a spec, and pulls the app before each test. */
export function usePulledApp(): PulledApp {
  const app = new PulledApp();
  useFakeGateway(({ gateway, home }) => {
    Object.assign(app, { gateway, home, model: new AppModel() });
    gateway.reply('GET /acme1/cli/manifest', sampleCatalog);
    gateway.reply('GET /acme1/lab01/apps', { apps: [{ id: 'k3v9q', name: 'shop' }] });
    serveModel(gateway, app.model);
  });
  beforeEach(() => app.run('pull --app-id k3v9q'));
  return app;
}

/** The one document on standard output. */
export const json = ({ stdout }: Pick<RunResult, 'stdout'>): Record<string, unknown> =>
  JSON.parse(stdout) as Record<string, unknown>;
