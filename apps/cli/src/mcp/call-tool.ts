import { buildRequest, type Place } from '../catalog/build-request.js';
import type { CatalogCommand } from '../catalog/catalog.js';
import { presetsOf } from '../catalog/special-commands.js';
import { requireAccount, requireCluster } from '../configuration/settings.js';
import type { ApiRequest } from '../http/api-client.js';
import type { CommandContext } from '../terminal/command-context.js';
import { checkArguments, inputsOf, type ToolArguments } from './tool-arguments.js';
import { isWriteLevel } from './tool-levels.js';
import type { Tool } from './tool.js';

/** How long a call waits for a server that delays it, ms. Clients give up after 60 s by default. */
const retryTimeoutMs = 20_000;

/**
 * The answer of the command of a tool. A write without confirmation is not sent: the answer is then its plan, or its
 * request where the server has no plan of it.
 * @throws CliError for wrong arguments, and for a request that fails
 */
export async function callTool(
  tool: Tool,
  given: ToolArguments,
  context: CommandContext,
  signal: AbortSignal,
): Promise<unknown> {
  checkArguments(tool, given);
  const requestOf = (command: CatalogCommand): ApiRequest => ({
    ...buildRequest(command, inputsOf(command, given, presetsOf(command, context.now())), placeOf(given, context)),
    signal,
  });
  const send = async (request: ApiRequest) =>
    (await context.client(undefined, retryTimeoutMs).send(request)).body ?? {};
  const request = requestOf(tool.command);
  if (!isWriteLevel(tool.level) || given['confirm'] === true) return send(request);
  const notice = 'Nothing was changed. Call it again with confirm: true to make this change.';
  if (tool.plan !== undefined) return { confirmed: false, notice, plan: await send(requestOf(tool.plan)) };
  return { confirmed: false, notice, effect: tool.command.description, request: described(request) };
}

function placeOf({ cid }: ToolArguments, { settings }: CommandContext): Place {
  return {
    aid: () => requireAccount(settings),
    cid: () => (typeof cid === 'string' ? cid : requireCluster(settings)),
  };
}

const described = ({ method, path, query, body }: ApiRequest) => ({
  method,
  path,
  ...(query !== undefined && query.size > 0 && { query: Object.fromEntries(query) }),
  ...(body !== undefined && { body }),
});
