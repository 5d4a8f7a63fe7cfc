import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { temporaryNats } from './temporary-nats.js';

describe('temporaryNats', () => {
  it('listens until it is stopped', async () => {
    const nats = await temporaryNats();
    expect(await greeting(nats.url)).toMatch(/^INFO \{.*"jetstream":true/);
    await nats.stop();
    await nats.stop();
    await expect(greeting(nats.url)).rejects.toThrow('ECONNREFUSED');
  });

  it('restarts on the same port', async () => {
    const nats = await temporaryNats();
    await nats.restart(() => expect(greeting(nats.url)).rejects.toThrow('ECONNREFUSED'));
    expect(await greeting(nats.url)).toMatch(/^INFO/);
    await nats.stop();
  });
});

function greeting(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
  });
}
