import { type Balancer } from '../services/balancer.js';
import { type Running, Supervised } from '@runos/testing-process';

/** The order of shutdown: agents before the services that they call, services before their stores. */
export const layers = ['agents', 'services', 'stores'] as const;
export type Layer = (typeof layers)[number];

/** Every process of a plane by name. Calls `onChange` whenever a process number may have changed. */
export class Processes {
  readonly #layers = new Map<string, Layer | 'kubernetes'>();
  readonly #all = new Map<string, Supervised>();
  readonly #balancers = new Map<string, Balancer>();
  #isClosed = false;
  #stopKubernetes: () => Promise<void> = async () => undefined;

  constructor(
    private readonly onEvent: (name: string, line: string) => void,
    private readonly onChange: () => void,
  ) {}

  /** Starts a process and keeps it running; resolves when it is ready. @throws Error once `stopAll` was called */
  async run(name: string, layer: Layer, startOnce: (signal: AbortSignal) => Promise<Running>): Promise<void> {
    if (this.#isClosed) throw new Error(`${name} is not started: everything is stopping.`);
    if (this.#all.get(name)?.isStopped === false) return; // started by an earlier attempt
    const supervised = new Supervised(name, startOnce, { onEvent: (line) => this.reportEvent(name, line) });
    this.#all.set(name, supervised);
    this.#layers.set(name, layer);
    await supervised.start();
    this.onChange();
  }

  /** Adds the components of a Kubernetes, whose `stop` ends them in the right order. */
  addKubernetes(components: ReadonlyMap<string, Supervised>, stop: () => Promise<void>): void {
    for (const [name, supervised] of components) {
      this.#all.set(name, supervised);
      this.#layers.set(name, 'kubernetes');
    }
    this.#stopKubernetes = stop;
    this.onChange();
  }

  /** Adds the balancers by the name of their endpoint. */
  addBalancers(balancers: Readonly<Record<string, Balancer>>): void {
    for (const [endpoint, balancer] of Object.entries(balancers)) this.#balancers.set(endpoint, balancer);
  }

  /**
   * Makes every open connection of an endpoint half-open; new ones work.
   * @throws Error with one sentence when the endpoint has no balancer
   */
  cut(endpoint: string): void {
    const balancer = this.#balancers.get(endpoint);
    if (balancer) return balancer.cut();
    const known = [...this.#balancers.keys()].join(', ') || 'none, they come with --balanced or --replicas';
    throw new Error(`There is no balancer at "${endpoint}"; there are: ${known}.`);
  }

  reportEvent(name: string, line: string): void {
    this.onEvent(name, line);
    this.onChange();
  }

  /** @throws Error with one sentence that lists the known names */
  find(name: string): Supervised {
    const found = this.#all.get(name);
    if (found) return found;
    throw new Error(`There is no "${name}" here; there are: ${[...this.#all.keys()].sort().join(', ')}.`);
  }

  async stop(name: string): Promise<void> {
    await this.find(name).stop();
    this.onChange();
  }

  async start(name: string): Promise<void> {
    await this.find(name).start();
    this.onChange();
  }

  /** The numbers of the running processes. */
  pids(): Record<string, number> {
    const running = [...this.#all].filter(([, { pid }]) => pid !== undefined);
    return Object.fromEntries(running.map(([name, { pid }]) => [name, pid as number]));
  }

  /** Stops everything; Kubernetes in parallel with the services, after its agent has ended. */
  async stopAll(): Promise<void> {
    this.#isClosed = true;
    await this.#stopLayer('agents');
    await Promise.all([...this.#balancers.values()].map((balancer) => balancer.stop()));
    const rest = async (): Promise<void> => {
      await this.#stopLayer('services');
      await this.#stopLayer('stores');
    };
    await Promise.all([rest(), this.#stopKubernetes()]);
    this.onChange();
  }

  async #stopLayer(layer: Layer): Promise<void> {
    const members = [...this.#all].filter(([name]) => this.#layers.get(name) === layer);
    await Promise.all(members.map(([, supervised]) => supervised.stop()));
  }
}
