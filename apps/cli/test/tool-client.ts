import { resolve } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

/** What a call answered. */
export interface ToolAnswer {
  readonly isError: boolean;
  readonly document: Record<string, unknown>;
}

const program = resolve(import.meta.dirname, '../bin/runos.mjs');

/** A client of `runos mcp` in a process of its own. */
export class ToolClient {
  /** What the server has written to standard error. */
  notes = '';

  private constructor(
    readonly client: Client,
    readonly transport: StdioClientTransport,
  ) {}

  /** @throws Error when the server ends before it has answered */
  static async start(levels: readonly string[], env: Record<string, string>): Promise<ToolClient> {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [program, 'mcp', ...levels],
      env,
      stderr: 'pipe',
    });
    const started = new ToolClient(new Client({ name: 'spec', version: '1.0.0' }), transport);
    transport.stderr?.on('data', (chunk: Buffer) => (started.notes += chunk.toString()));
    await started.client.connect(transport);
    return started;
  }

  async names(): Promise<readonly string[]> {
    return (await this.client.listTools()).tools.map(({ name }) => name);
  }

  async call(name: string, given: Record<string, unknown> = {}): Promise<ToolAnswer> {
    const { content, isError } = await this.client.callTool({ name, arguments: given });
    const [{ text }] = content as [{ text: string }];
    return { isError: isError === true, document: JSON.parse(text) as Record<string, unknown> };
  }
}
