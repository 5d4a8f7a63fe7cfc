import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type DataFolder } from '../data/data-folder.js';
import { repository } from '../options.js';
import { type Processes } from './processes.js';

/** The address of a running plane for `npm run plane`; only the owner of the file can read it. */
export interface ControlAddress {
  readonly url: string;
  readonly token: string;
}

const file = 'control.json';

export const verbs = ['stop', 'start', 'upgrade', 'cut'] as const;

export const usage = 'Use: npm run plane -- stop|start|upgrade NAME, or cut api|register|stream';

/** Serves `POST /<name>/stop|start|upgrade` and `/<endpoint>/cut`; every response is one sentence. */
export async function startControlServer(
  folder: DataFolder,
  processes: Processes,
  upgrade: (name: string) => Promise<void>,
): Promise<() => Promise<void>> {
  const token = randomBytes(24).toString('base64url');
  const actions: Actions = {
    stop: async (name) => {
      await processes.stop(name);
      return `${name} is stopped, and stays so until it is started.`;
    },
    start: async (name) => {
      await processes.start(name);
      return `${name} runs.`;
    },
    upgrade: async (name) => {
      await upgrade(name);
      return `${name} runs the build of ${repository}.`;
    },
    cut: async (endpoint) => {
      processes.cut(endpoint);
      return `Every connection at ${endpoint} is cut.`;
    },
  };
  const server = createServer((request, response) => {
    const answer = (status: number, sentence: string): void => void response.writeHead(status).end(`${sentence}\n`);
    if (request.headers.authorization !== `Bearer ${token}`)
      return answer(401, 'This is not the token of control.json.');
    execute(request, actions).then(
      (sentence) => answer(200, sentence),
      (error: Error) => answer(409, error.message),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  folder.writeJson(file, { url: `http://127.0.0.1:${port}`, token } satisfies ControlAddress);
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}

type Actions = Readonly<Record<(typeof verbs)[number], (name: string) => Promise<string>>>;

async function execute({ method, url }: IncomingMessage, actions: Actions): Promise<string> {
  const [, name, verb] = /^\/([a-z0-9-]+)\/([a-z]+)$/.exec(url ?? '') ?? [];
  const known = verbs.find((one) => one === verb);
  if (method !== 'POST' || !name || !known) throw new Error(usage);
  return actions[known](name);
}

/** Sends one command to a running plane. @throws Error with one sentence when none runs, or it refuses */
export async function controlPlane(folder: DataFolder, verb: string, name: string): Promise<string> {
  const address = folder.readJson<ControlAddress>(file);
  if (!folder.holder() || !address) throw new Error(`No plane runs on ${folder.path}; start it with npm start.`);
  const headers = { authorization: `Bearer ${address.token}` };
  // A start waits for readiness, which takes an API server seconds; an upgrade runs a migration too.
  const signal = AbortSignal.timeout(130_000);
  const reply = await fetch(`${address.url}/${encodeURIComponent(name)}/${verb}`, { method: 'POST', headers, signal });
  const sentence = (await reply.text()).trim();
  if (!reply.ok) throw new Error(sentence);
  return sentence;
}
