import type { Level } from '@runos/api';
import { currentCatalog, refreshCatalog } from '../catalog/catalog-cache.js';
import type { Catalog } from '../catalog/catalog.js';
import { requireAccount } from '../configuration/settings.js';
import type { CommandContext } from '../terminal/command-context.js';
import { type Tool, toolsOf } from './tool.js';

const toolsetsDeadlineMs = 5_000;

/** The limits of an account, as the server reports them. Other keys are of other products. */
interface Toolsets {
  readonly scoped?: boolean;
  readonly serviceTypes?: readonly string[];
}

/** The tools that the catalog has now, for these levels. */
export class OfferedTools {
  #tools: ReadonlyMap<string, Tool> = new Map();
  #version: string | undefined;
  #serviceTypes: readonly string[] | undefined;

  private constructor(
    private readonly context: CommandContext,
    private readonly levels: readonly Level[],
  ) {}

  /** @throws CliError when there is no catalog, neither stored nor from the server */
  static async load(context: CommandContext, levels: readonly Level[]): Promise<OfferedTools> {
    const tools = new OfferedTools(context, levels);
    const [catalog, serviceTypes] = await Promise.all([currentCatalog(context), serviceTypesOf(context)]);
    tools.#serviceTypes = serviceTypes;
    tools.#take(catalog);
    return tools;
  }

  get byName(): ReadonlyMap<string, Tool> {
    return this.#tools;
  }

  /** The tools of the newest catalog. It is looked for once an hour; the last one holds while the server is away. */
  async current(): Promise<ReadonlyMap<string, Tool>> {
    this.#take(await currentCatalog(this.context));
    return this.#tools;
  }

  /** A tool of this name; one that is not known may be newer than the catalog, so that is fetched again. */
  async find(name: string): Promise<Tool | undefined> {
    if (this.#tools.has(name)) return this.#tools.get(name);
    const newer = await refreshCatalog(this.context).catch(() => undefined);
    if (newer !== undefined) this.#take(newer);
    return this.#tools.get(name);
  }

  #take({ version, commands }: Catalog): void {
    if (version === this.#version) return;
    this.#version = version;
    const { clusterId } = this.context.settings;
    this.#tools = toolsOf(commands, { levels: this.levels, clusterId, serviceTypes: this.#serviceTypes });
  }
}

/** Those that the account is limited to; undefined without a limit, and when the server does not report it. */
async function serviceTypesOf(context: CommandContext): Promise<readonly string[] | undefined> {
  const path = `/${encodeURIComponent(requireAccount(context.settings))}/cli/toolsets`;
  const request = { method: 'GET', path, deadlineMs: toolsetsDeadlineMs };
  const { body } = await context
    .client(undefined, 0)
    .send(request)
    .catch(() => ({ body: undefined }));
  const { scoped, serviceTypes } = (body ?? {}) as Toolsets;
  return scoped === true ? serviceTypes : undefined;
}
