import { eventually } from '@runos/tool-e2e';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WebSocket } from 'undici';
import { figureOfEach, type Target } from './target.js';

/** The environment in which a plane's programs can open an inspector, each on a free port. */
export const inspectable = { NODE_OPTIONS: '--inspect-port=127.0.0.1:0' };

/** The live memory of each process after a garbage collection, MB. */
export const liveMemory = (target: Target): Promise<Readonly<Record<string, number>>> =>
  figureOfEach(target, async (name, pid) => {
    const log = join(target.data, 'logs', `${name}.log`);
    const inspectorUrl = async (): Promise<string | undefined> =>
      /^Debugger listening on (ws:\S+)$/m.exec(await readFile(log, 'utf8'))?.[1];
    const open = await inspectorUrl();
    if (open !== undefined) return needed(open);
    process.kill(pid, 'SIGUSR1');
    return needed(await eventually(`the inspector of ${name}`, inspectorUrl));
  });

/** The heap and the external memory that it references. */
async function needed(url: string): Promise<number> {
  const socket = new WebSocket(url);
  const call = (id: number, method: string, params: object = {}): Promise<Answer> =>
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
    await call(1, 'HeapProfiler.collectGarbage');
    const { result } = await call(2, 'Runtime.evaluate', { expression: 'JSON.stringify(process.memoryUsage())' });
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
