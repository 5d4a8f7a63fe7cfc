import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { waitUntil } from '@runos/testing-process';
import { FakeRegistry, type RegistryScheme, send } from '../../test/fake-registry.js';
import { RegistryCheck } from './registry-check.js';

let registry: FakeRegistry;
let other: FakeRegistry;
beforeAll(async () => {
  [registry, other] = [await FakeRegistry.start(), await FakeRegistry.start()];
});
afterAll(() => Promise.all([registry.stop(), other.stop()]));
beforeEach(() => {
  for (const each of [registry, other]) {
    each.requests.length = 0;
    each.answer = undefined;
    each.scheme = 'bearer';
  }
});

const inTests = new RegistryCheck({ callLoopbackRegistries: true });
const run = (password = 'pull', check = inTests) => check.run({ host: registry.host, username: 'acme', password });
const unreachable = (reason: string) => ({
  status: 'unreachable',
  message: `The control plane did not check the credentials with ${registry.host}: ${reason}.`,
});

describe('the check of credentials', () => {
  it('gets a token with them, and shows it to the registry', async () => {
    expect(await run()).toEqual({ status: 'verified' });
    expect(registry.requests).toEqual([
      'GET /v2/ none',
      'GET /token?service=registry.example&account=acme Basic',
      'GET /v2/ Bearer',
    ]);
  });

  it('shows them to a registry that requests them', async () => {
    registry.scheme = 'basic';
    expect(await run()).toEqual({ status: 'verified' });
    expect(registry.requests).toEqual(['GET /v2/ none', 'GET /v2/ Basic']);
  });

  it.each<RegistryScheme>(['bearer', 'basic'])('returns the words of the refusal: %s', async (scheme) => {
    registry.scheme = scheme;
    const message = `${registry.host} refuses these credentials: "incorrect username or password"`;
    expect(await run('wrong')).toEqual({ status: 'refused', message });
  });

  it('needs none for a registry that requests none, and sends none', async () => {
    registry.answer = (_, response) => send(response, 200, {});
    expect(await run()).toEqual({ status: 'verified', message: `${registry.host} requests no credentials.` });
    expect(registry.requests).toEqual(['GET /v2/ none']);
  });

  it('shortens what a hostile registry answers, and hides the password in it', async () => {
    const details = `pull\u0007 \n${Buffer.from('acme:pull').toString('base64')} ${'x'.repeat(50_000)}`;
    registry.scheme = 'basic';
    registry.refusal = { details };
    const { message } = await run('wrong-password-pull');
    expect(message).toContain('pull');
    const hidden = await inTests.run({ host: registry.host, username: 'acme', password: 'x' });
    expect(hidden.message).not.toContain('x');
    expect(message?.length).toBeLessThan(300);
    expect(message).toMatch(/^[^\p{Cc}]*$/u);
    registry.refusal = { errors: [{ code: 'UNAUTHORIZED', message: 'incorrect username or password' }] };
  });

  it.each<[string, (host: string) => [status: number, body: object, challenge?: string]]>([
    ['it answered with status 404 instead of a challenge', () => [404, {}]],
    ['it answered with status 302 instead of a challenge', () => [302, {}]],
    ['it requests credentials in a way that is not known', () => [401, {}, 'Digest realm="x"']],
    ['it names an address without TLS', () => [401, {}, 'Bearer realm="http://auth.example.com/token"']],
    ['it names an address without TLS', () => [401, {}, 'Bearer realm="file:///etc/passwd"']],
    ['its address is not one that the control plane calls', () => [401, {}, 'Bearer realm="https://169.254.169.254/"']],
    ['its address is not one that the control plane calls', () => [401, {}, 'Bearer realm="https://0/"']],
  ])('has no result: %s', async (reason, answer) => {
    registry.answer = (_, response) => send(response, ...answer(registry.host));
    expect(await run()).toEqual(unreachable(reason));
    expect(registry.requests).toEqual(['GET /v2/ none']);
  });

  it('follows no redirect, with or without credentials', async () => {
    registry.scheme = 'basic';
    registry.answer = (request, response) => {
      if (request.headers.authorization === undefined) return send(response, 401, {}, 'Basic');
      response.setHeader('location', `http://${other.host}/v2/`);
      send(response, 307, {});
    };
    expect(await run()).toEqual(unreachable('it answered with status 307'));
    expect(other.requests).toEqual([]);
  });

  it('has no result without a token', async () => {
    registry.answer = ({ url = '' }, response) =>
      url.startsWith('/v2/')
        ? send(response, 401, {}, `Bearer realm="http://${registry.host}/token"`)
        : send(response, 200, { token: 'a\r\nb' });
    expect(await run()).toEqual(unreachable('it answered without a token'));
  });

  it('reads at most 64 KiB of an endless answer', async () => {
    registry.scheme = 'basic';
    registry.answer = ({ headers }, response) => {
      if (headers.authorization === undefined) return send(response, 401, {}, 'Basic');
      response.writeHead(401);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      };
      response.on('drain', more);
      more();
    };
    expect(await run()).toMatchObject({ status: 'refused', message: expect.stringContaining('"status 401"') });
  });

  it('ends after 5 s, also while the answer comes slowly', async () => {
    registry.answer = (_, response) => {
      response.writeHead(401);
      const timer = setInterval(() => response.write(' '), 200);
      response.on('close', () => clearInterval(timer));
    };
    expect(await run()).toEqual(unreachable('it did not answer in time'));
  });

  it('calls no loopback address outside of tests', async () => {
    const check = new RegistryCheck({ callLoopbackRegistries: false });
    expect(await run('pull', check)).toEqual(unreachable('its address is not one that the control plane calls'));
    expect(registry.requests).toEqual([]);
  });

  it('runs for 32 registries at the same time at most', async () => {
    const waiting: (() => void)[] = [];
    registry.answer = (_, response) => waiting.push(() => send(response, 200, {}));
    const checks = Array.from({ length: 32 }, () => run());
    await expect(run()).rejects.toMatchObject({ code: 'unavailable' });
    await waitUntil(() => waiting.length === 32, { because: () => 'not every check has begun' });
    for (const answer of waiting) answer();
    expect((await Promise.all(checks)).every(({ status }) => status === 'verified')).toBe(true);
  });
});
