import { eventually } from '@runos/tool-e2e';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WebSocket } from 'undici';
import { figureOfEach, type Target } from './target.js';

/** With this in its environment, a plane's programs can be asked what they hold: each at any free port, once it has to. */
export const inspectable = { NODE_OPTIONS: '--inspect-port=127.0.0.1:0' };

/** What each process still needs of its memory after it was made to let go of the rest, MB. */
export const liveMemory = (target: Target): Promise<Readonly<Record<string, number>>> =>
  figureOfEach(target, async (name, pid) => {
    const log = join(target.data, 'logs', `${name}.log`);
    const told = async (): Promise<string | undefined> =>
      /^Debugger listening on (ws:\S+)$/m.exec(await readFile(log, 'utf8'))?.[1];
    const open = await told();
    if (open !== undefined) return needed(open);
    process.kill(pid, 'SIGUSR1');
    return needed(await eventually(`${name} to let itself be asked`, 10_000, told));
  });

/** Heap, and what lies beside it on its behalf. */
async function needed(url: string): Promise<number> {
  const socket = new WebSocket(url);
  const ask = (id: number, method: string, params: object = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      socket.addEventListener('close', () => reject(new Error(`${url} was closed`)));
      socket.addEventListener('message', ({ data }) => {
        const answer = JSON.parse(String(data)) as Answer;
        if (answer.id === id) resolve(answer);
      });
      socket.send(JSON.stringify({ id, method, params }));
    });
  try {
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error(`${url} cannot be reached`)));
    });
    await ask(1, 'HeapProfiler.collectGarbage');
    const { result } = await ask(2, 'Runtime.evaluate', { expression: 'JSON.stringify(process.memoryUsage())' });
    const { heapUsed, external } = JSON.parse(result.result?.value ?? '') as NodeJS.MemoryUsage;
    return (heapUsed + external) / 1e6;
  } finally {
    socket.close();
  }
}

interface Answer {
  readonly id: number;
  readonly result: { readonly result?: { readonly value: string } };
}
