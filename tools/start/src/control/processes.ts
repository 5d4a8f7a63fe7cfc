import { type Balancer } from '../services/balancer.js';
import { type Running, Supervised } from '@runos/testing-process';

/** What must end before what: agents before the services they talk to, those before what they store in. */
export const layers = ['agents', 'services', 'stores'] as const;
export type Layer = (typeof layers)[number];

/** Every process of a plane by name. Tells its listener whenever a number may have changed. */
export class Processes {
  readonly #layers = new Map<string, Layer | 'kubernetes'>();
  readonly #all = new Map<string, Supervised>();
  readonly #balancers = new Map<string, Balancer>();
  #closed = false;
  #stopKubernetes: () => Promise<void> = async () => undefined;

  constructor(
    private readonly onEvent: (name: string, line: string) => void,
    private readonly onChange: () => void,
  ) {}

  /** Starts it and keeps it running; resolves when it is ready. Throws once everything is being ended. */
  async run(name: string, layer: Layer, begin: (signal: AbortSignal) => Promise<Running>): Promise<void> {
    if (this.#closed) throw new Error(`${name} is not started any more: everything ends.`);
    if (this.#all.get(name)?.stopped === false) return; // an earlier try got this far
    const supervised = new Supervised(name, begin, { onEvent: (line) => this.eventOf(name, line) });
    this.#all.set(name, supervised);
    this.#layers.set(name, layer);
    await supervised.start();
    this.onChange();
  }

  /** The parts of a Kubernetes that knows itself in which order they end. */
  adoptKubernetes(components: ReadonlyMap<string, Supervised>, stop: () => Promise<void>): void {
    for (const [name, supervised] of components) {
      this.#all.set(name, supervised);
      this.#layers.set(name, 'kubernetes');
    }
    this.#stopKubernetes = stop;
    this.onChange();
  }

  /** What the outside dials, by the name of the door. */
  adoptBalancers(balancers: Readonly<Record<string, Balancer>>): void {
    for (const [door, balancer] of Object.entries(balancers)) this.#balancers.set(door, balancer);
  }

  /**
   * Pulls the cable of every connection that is open through a door; new ones get through.
   * @throws Error with one sentence when there is no balancer in front of it.
   */
  cut(door: string): void {
    const balancer = this.#balancers.get(door);
    if (balancer) return balancer.cut();
    const there = [...this.#balancers.keys()].join(', ') || 'none, they come with --balanced or --replicas';
    throw new Error(`There is no balancer at "${door}"; there are: ${there}.`);
  }

  eventOf(name: string, line: string): void {
    this.onEvent(name, line);
    this.onChange();
  }

  /** @throws Error with one sentence that lists the names there are. */
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

  /** Of those that run now. */
  pids(): Record<string, number> {
    const running = [...this.#all].filter(([, { pid }]) => pid !== undefined);
    return Object.fromEntries(running.map(([name, { pid }]) => [name, pid as number]));
  }

  /** Ends everything; Kubernetes beside the services, once its agent is gone. */
  async stopAll(): Promise<void> {
    this.#closed = true;
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
