import { CliError } from '../failure/cli-error.js';
import type { Tool } from './tool.js';

const bootstrap = 'mcp_bootstrap';
const topics: readonly string[] = ['mcp_topics_show', 'mcp_topics_search'];
const neededTopics = 2;

/**
 * Reading tools are locked until the client has read the documents of the server: its summary, and two topics.
 * A server without them locks nothing.
 */
export class ReadFirst {
  #hasBootstrapped = false;
  readonly #topics = new Set<string>();

  constructor(private readonly offered: () => ReadonlyMap<string, Tool>) {}

  /** @throws CliError while the tool is locked */
  check({ name, level }: Tool): void {
    const isLocked = !this.#hasBootstrapped || this.#topics.size < neededTopics;
    const isDocument = name === bootstrap || topics.includes(name);
    if (!isLocked || isDocument || level !== 'read' || !this.offered().has(bootstrap)) return;
    const missing = neededTopics - this.#topics.size;
    const steps = [
      ...(this.#hasBootstrapped ? [] : [`call ${bootstrap}`]),
      ...(missing > 0 ? [`read ${missing} topic${missing === 1 ? '' : 's'} with ${topics.join(' or ')}`] : []),
    ];
    throw new CliError(`${name} is locked until you have read about this server.`, {
      code: 'mcp.locked',
      remedy: steps.join(', then '),
    });
  }

  /** After an answer of this tool. */
  record({ name }: Tool, given: object): void {
    if (name === bootstrap) this.#hasBootstrapped = true;
    if (topics.includes(name)) this.#topics.add(JSON.stringify([name, given]));
  }
}
