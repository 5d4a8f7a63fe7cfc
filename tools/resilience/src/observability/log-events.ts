import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';

/** Log files of the servers that are not ours. */
const thirdParty = /^(postgres|nats|etcd|kube|kubernetes)/;

/**
 * Every log line of our processes, parsed. Expects that each line is a JSON object with time, level, service and
 * message. No file may contain `marker`, which was part of a request body.
 */
export async function readLogEvents(folder: string, marker: string): Promise<Record<string, unknown>[]> {
  const events: Record<string, unknown>[] = [];
  for (const file of await readdir(folder)) {
    const text = await readFile(join(folder, file), 'utf8');
    expect([file, text.includes(marker)]).toEqual([file, false]);
    if (thirdParty.test(file)) continue;
    for (const line of text.split('\n').filter((each) => each !== '')) {
      expect([file, line]).toEqual([file, expect.stringMatching(/^\{.*\}$/)]);
      const event = JSON.parse(line) as Record<string, unknown>;
      expect(event).toMatchObject({
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as unknown,
        level: expect.stringMatching(/^(info|warn|error|fatal)$/) as unknown,
        service: expect.any(String) as unknown,
        msg: expect.any(String) as unknown,
      });
      events.push(event);
    }
  }
  return events;
}
