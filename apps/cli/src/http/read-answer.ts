import { CliError } from '../failure/cli-error.js';

/** No answer of the API is longer, bytes. */
const maxBytes = 10 * 1024 * 1024;

/**
 * The document of an answer; undefined when it is empty.
 * @throws CliError when the answer is not complete, too long, or no JSON: then something else than the API has answered
 */
export async function readJson(response: Response, address: string): Promise<unknown> {
  const text = await textOf(response, address);
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const type = response.headers.get('content-type')?.split(';', 1)[0] ?? 'nothing known';
    if (type === 'application/json') throw incomplete(address);
    throw new CliError(
      `${new URL(address).origin} answered ${response.status} with ${type}, which is not the RunOS API.`,
      {
        code: 'network.not_runos',
        statusCode: response.status,
        remedy: 'check the address: runos config get api-url',
      },
    );
  }
}

async function textOf(response: Response, address: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > maxBytes) break;
      chunks.push(chunk);
    }
  } catch {
    throw incomplete(address);
  }
  if (length > maxBytes)
    throw new CliError(`The answer of ${address} is longer than ${maxBytes} bytes.`, {
      remedy: 'request less at once',
    });
  return Buffer.concat(chunks).toString('utf8');
}

const incomplete = (address: string): CliError =>
  new CliError(`The answer of ${new URL(address).origin} ended before it was complete.`, {
    code: 'network.incomplete',
    remedy: 'try again; a write may have been accepted, so look first',
  });
