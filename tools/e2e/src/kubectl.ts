import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';

/** A live object; tests read it with `valueAt`. */
export type LiveObject = Readonly<Record<string, unknown>>;

/** The value at a path of keys (`valueAt(cluster, 'spec', 'instances')`), undefined when there is none. */
export const valueAt = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);

/** kubectl with the kubeconfig of one cluster. */
export class Kubectl {
  constructor(
    private readonly binary: string,
    private readonly kubeconfig: string,
  ) {}

  /** Returns the standard output of one call with `input`. @throws Error with the errors of kubectl */
  async run(args: readonly string[], input = ''): Promise<string> {
    const child = spawn(this.binary, ['--kubeconfig', this.kubeconfig, ...args], { stdio: 'pipe' });
    child.stdin.end(input);
    const [out, err] = await Promise.all([buffer(child.stdout), text(child.stderr), once(child, 'exit')]);
    if (child.exitCode !== 0) throw new Error(`kubectl ${args.join(' ')}: ${err}`);
    return out.toString('utf8');
  }

  /** One object, or undefined when it does not exist. */
  async get(kind: string, name: string, namespace?: string): Promise<LiveObject | undefined> {
    const scope = namespace === undefined ? [] : ['-n', namespace];
    const json = await this.run(['get', kind, name, '-o', 'json', '--ignore-not-found', ...scope]);
    return json === '' ? undefined : (JSON.parse(json) as LiveObject);
  }

  /** Server-side apply by a named field manager, like another controller or a user. */
  apply(objects: readonly unknown[], manager: string, ...flags: string[]): Promise<string> {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    return this.run(
      ['apply', '--server-side', '--force-conflicts', `--field-manager=${manager}`, ...flags, '-f', '-'],
      list,
    );
  }

  /** A merge patch under a field manager's name. */
  patch(kind: string, name: string, namespace: string, patch: unknown, manager: string): Promise<string> {
    const body = JSON.stringify(patch);
    return this.run(['patch', kind, name, '-n', namespace, '--type=merge', `--field-manager=${manager}`, '-p', body]);
  }
}
