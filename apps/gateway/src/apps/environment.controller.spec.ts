import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { invalidInput } from '@runos/kernel';
import { type GatewayHarness, startHarness } from '../../test/harness.js';
import { aid } from '../../test/sample-replies.js';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

it('the issues of secret variables name fields of the body', async () => {
  const secret = { path: 'secretEnvVars.TOKEN', message: 'is too long' };
  const whole = { path: 'secretEnvVars', message: 'would remove A' };
  const other = { path: 'envVars', message: 'the app has too many' };
  harness.reply('reconciler.v1.app-environment-change', () => {
    throw invalidInput('request.invalid', [secret, whole, other]);
  });
  const headers = { 'content-type': 'application/json' };
  const refused = async (path: string, body: object) => {
    const init = { headers, body: JSON.stringify(body) };
    const answer = await harness.send('POST', `/${aid}/ky3/apps/abcde/${path}`, init);
    expect([answer.status, answer.body['code']]).toEqual([400, 'request.invalid']);
    return answer.body['issues'];
  };
  const renamed = [{ ...secret, path: 'envVars.TOKEN' }, { ...whole, path: 'envVars' }, other];
  expect(await refused('secret-env-vars', { envVars: { TOKEN: 'a' } })).toEqual(renamed);
  expect(await refused('secrets', { secretEnvVars: { TOKEN: 'a' } })).toEqual([secret, whole, other]);
});
