import { spawn } from 'node:child_process';
import { buffer, text } from 'node:stream/consumers';
import { builtToolbox } from '@runos/testing-kube';
import { findOnPath } from '@runos/testing-process';

/** kubectl with one kubeconfig: the binary that `npm run kube` builds, or the one on PATH. */
export class Kubectl {
  constructor(
    readonly command: string,
    readonly kubeconfig: string,
  ) {}

  /** @throws Error with one sentence when there is none. */
  static with(kubeconfig: string): Kubectl {
    const command = builtToolbox()?.program('kubectl') ?? findOnPath('kubectl');
    if (!command)
      throw new Error('--kubeconfig needs kubectl on PATH (or once: npm run kube -- up, which builds one).');
    return new Kubectl(command, kubeconfig);
  }

  /** Returns the standard output of one call. @throws Error with the errors that kubectl printed */
  async run(args: readonly string[], input = ''): Promise<string> {
    const child = spawn(this.command, ['--kubeconfig', this.kubeconfig, '--request-timeout=15s', ...args]);
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('close', resolve);
      child.once('error', reject);
    });
    child.stdin.on('error', () => undefined); // it ended without reading; its exit code is reported below
    child.stdin.end(input);
    const [output, errors, code] = await Promise.all([buffer(child.stdout), text(child.stderr), ended]);
    if (code !== 0) throw new Error(`kubectl ${args.slice(0, 3).join(' ')} failed: ${errors.trim()}`);
    return output.toString();
  }

  /** Server-side apply of objects, in their order. */
  async apply(items: readonly object[]): Promise<void> {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    await this.run(['apply', '--server-side', '--force-conflicts', '--field-manager=runos-start', '-f', '-'], list);
  }
}
