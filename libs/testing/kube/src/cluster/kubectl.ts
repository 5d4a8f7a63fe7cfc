import { spawn } from 'node:child_process';
import { buffer, text } from 'node:stream/consumers';
import { findOnPath } from '@runos/testing-process';
import { builtToolbox } from '../build/toolbox.js';

/** An object as `kubectl get -o json` prints it. */
export type LiveObject = Readonly<Record<string, unknown>>;

/** kubectl with the kubeconfig of one cluster. */
export class Kubectl {
  /** `requestTimeoutS`: the longest wait for one response, s. 0 sets no limit, which `exec`, `wait` and `delete` need. */
  constructor(
    readonly command: string,
    readonly kubeconfig: string,
    private readonly requestTimeoutS = 15,
  ) {}

  /**
   * The kubectl that `npm run kube` builds, or the one on PATH.
   * @throws Error with one sentence when there is none
   */
  static with(kubeconfig: string): Kubectl {
    const command = builtToolbox()?.program('kubectl') ?? findOnPath('kubectl');
    if (!command)
      throw new Error('--kubeconfig needs kubectl on PATH (or once: npm run kube -- up, which builds one).');
    return new Kubectl(command, kubeconfig);
  }

  /** Returns the standard output of one call with `input`. @throws Error with the errors that kubectl printed */
  async run(args: readonly string[], input = ''): Promise<string> {
    const cluster = ['--kubeconfig', this.kubeconfig, `--request-timeout=${this.requestTimeoutS}s`];
    const child = spawn(this.command, [...cluster, ...args]);
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('close', resolve);
      child.once('error', reject);
    });
    child.stdin.on('error', () => undefined); // it ended without reading; its exit code is reported below
    child.stdin.end(input);
    const [output, errors, code] = await Promise.all([buffer(child.stdout), text(child.stderr), ended]);
    if (code !== 0) throw new Error(`kubectl ${args.slice(0, 3).join(' ')} failed: ${errors.trim()}`);
    return output.toString('utf8');
  }

  /** One object, or undefined when it does not exist. */
  async get(kind: string, name: string, namespace?: string): Promise<LiveObject | undefined> {
    const scope = namespace === undefined ? [] : ['-n', namespace];
    const json = await this.run(['get', kind, name, '-o', 'json', '--ignore-not-found', ...scope]);
    return json === '' ? undefined : (JSON.parse(json) as LiveObject);
  }

  /** Server-side apply of objects in their order, by a named field manager. Returns what kubectl printed. */
  apply(items: readonly unknown[], manager: string, ...flags: string[]): Promise<string> {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const apply = ['apply', '--server-side', '--force-conflicts', `--field-manager=${manager}`];
    return this.run([...apply, ...flags, '-f', '-'], list);
  }

  /** A merge patch by a named field manager. */
  patch(kind: string, name: string, namespace: string, patch: unknown, manager: string): Promise<string> {
    const body = JSON.stringify(patch);
    return this.run(['patch', kind, name, '-n', namespace, '--type=merge', `--field-manager=${manager}`, '-p', body]);
  }
}
