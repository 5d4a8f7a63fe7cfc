import { setImmediate, setTimeout } from 'node:timers/promises';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js';
import type { Level } from '@runos/api';
import { ownVersion } from '../commands/own-version.js';
import { requireApiKey, requireApiUrl } from '../configuration/settings.js';
import { cliErrorOf, errorDocument } from '../failure/error-text.js';
import type { CommandContext } from '../terminal/command-context.js';
import { callTool } from './call-tool.js';
import { OfferedTools } from './offered-tools.js';
import { ReadFirst } from './read-first.js';
import type { ToolArguments } from './tool-arguments.js';
import { toolLevels } from './tool-levels.js';
import { definitionOf } from './tool.js';

/** How long calls may go on when the client has closed its end, ms. */
const closeTimeoutMs = 2_000;

/** Longer answers are cut, characters: a model reads them as a whole. */
const maxTextLength = 200_000;

/**
 * Serves the tools of these levels on standard input and output until the client closes its end.
 * @throws CliError without a log-in, and without a catalog
 */
export async function serveTools(context: CommandContext, levels: readonly Level[]): Promise<void> {
  const { settings, terminal } = context;
  requireApiUrl(settings);
  requireApiKey(settings);
  const tools = await OfferedTools.load(context, levels);
  const readFirst = new ReadFirst(() => tools.byName);
  const running = new Set<Promise<unknown>>();
  const stop = new AbortController();
  const server = new Server(
    { name: 'runos', version: ownVersion() },
    { capabilities: { tools: {} }, instructions: instructionsOf(context, levels) },
  );
  server.setRequestHandler(ListToolsRequestSchema, async () => {
    const offered = await tools.current();
    return { tools: [...offered.values()].map(definitionOf) };
  });
  server.setRequestHandler(CallToolRequestSchema, async ({ params: { name, arguments: given = {} } }, { signal }) => {
    const call = answerOf(name, given, AbortSignal.any([signal, stop.signal]));
    running.add(call);
    return call.finally(() => running.delete(call));
  });

  async function answerOf(name: string, given: ToolArguments, signal: AbortSignal): Promise<CallToolResult> {
    const tool = await tools.find(name);
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `There is no tool "${name}".`);
    try {
      readFirst.check(tool);
      const body = await callTool(tool, given, context, signal);
      readFirst.record(tool, given);
      return { content: textsOf(body) };
    } catch (error) {
      return { isError: true, content: textsOf(errorDocument(cliErrorOf(error))) };
    }
  }

  const ended = new Promise((resolve) => {
    for (const event of ['end', 'close', 'error']) terminal.stdin.once(event, resolve);
  });
  await server.connect(new StdioServerTransport(terminal.stdin, terminal.stdout));
  await ended;
  await setImmediate(); // calls that were read before the end begin some microtasks later
  await Promise.race([Promise.allSettled(running), setTimeout(closeTimeoutMs, undefined, { ref: false })]);
  await setImmediate(); // so do their answers, and none is written after the end
  stop.abort();
  terminal.stdin.destroy();
  await server.close();
}

function textsOf(document: unknown): CallToolResult['content'] {
  const text = JSON.stringify(document, null, 2);
  if (text.length <= maxTextLength) return [{ type: 'text', text }];
  const notice = `The answer was cut: it has ${text.length} characters. Request less at once.`;
  return [
    { type: 'text', text: text.slice(0, maxTextLength) },
    { type: 'text', text: notice },
  ];
}

function instructionsOf({ settings }: CommandContext, levels: readonly Level[]): string {
  const { accountId, clusterId } = settings;
  return [
    `RunOS runs apps and services in Kubernetes clusters. Account ${accountId ?? 'unknown'}.`,
    clusterId === undefined
      ? 'Each call for a cluster needs its cid.'
      : `Calls without a cid are for cluster ${clusterId}.`,
    ...levels.map((level) => `Tools of level ${level}: ${toolLevels[level]}.`),
    'Begin with mcp_bootstrap where it exists. Writes need confirm: true; without it they show what would happen.',
  ].join('\n');
}
