import { ChangedSpec } from '../operation/fields.js';
import { operation, pathParams } from '../operation/operation.js';
import {
  ChangeEnvironment,
  ChangeSecretFiles,
  SecretFile,
  SecretFileList,
  SetVariables,
  ShownVariables,
} from './environment-shapes.js';

const { aid, cid, appId: id, filename } = pathParams;
const one = '/:aid/:cid/apps/:id';
const exampleJob = '0198c5a0-7b1e-7c52-9d2f-3f1b8a6e4d10';

const change = { params: { aid, cid, id }, output: ChangedSpec, versioned: true } as const;
const accepted = { status: 202, errors: ['override.invalid', 'conflict.diverged', 'request.too_large'] } as const;

/** The ETag is the generation of the app. */
export const showVariables = operation({
  id: 'app.env.show',
  method: 'GET',
  path: `${one}/env-vars`,
  access: 'read',
  summary: 'Show the variables of an app that are not secret.',
  params: { aid, cid, id },
  output: ShownVariables,
  versioned: true,
});

/** An empty map is refused while there are variables, unless `allowDrop` is true. */
export const setVariables = operation({
  id: 'app.env.set',
  method: 'POST',
  path: `${one}/env-vars`,
  access: 'write',
  summary: 'Replace all variables of an app that are not secret. Its pods are replaced.',
  ...change,
  ...accepted,
  body: SetVariables,
  examples: { body: { envVars: { MODE: 'fast' } }, output: { jobId: exampleJob } },
});

/** With the variables that the links of the app set. An audit entry precedes the answer. */
export const showSecretVariables = operation({
  id: 'app.secret-env.show',
  method: 'GET',
  path: `${one}/secret-env-vars`,
  access: 'sensitive_read',
  summary: 'Show the secret variables of an app, also those that its links set.',
  params: { aid, cid, id },
  output: ShownVariables,
  versioned: true,
});

/** Variables that the body does not name are removed only with `allowDrop`. Those of links stay and win. */
export const setSecretVariables = operation({
  id: 'app.secret-env.set',
  method: 'POST',
  path: `${one}/secret-env-vars`,
  access: 'write',
  summary: 'Replace all secret variables of an app. Its pods are replaced.',
  ...change,
  ...accepted,
  body: SetVariables,
  examples: { body: { envVars: { TOKEN: 'secret' }, allowDrop: true }, output: { jobId: exampleJob } },
});

/** One rollout for all of them. */
export const changeEnvironment = operation({
  id: 'app.secrets.change',
  method: 'POST',
  path: `${one}/secrets`,
  access: 'write',
  summary: 'Change variables and secret files of an app together. Its pods are replaced once.',
  ...change,
  ...accepted,
  body: ChangeEnvironment,
  examples: { body: { envVars: { MODE: 'fast' }, remove: ['old.pem'] }, output: { jobId: exampleJob } },
});

export const listSecretFiles = operation({
  id: 'app.secret-file.list',
  method: 'GET',
  path: `${one}/secret-files`,
  access: 'sensitive_read',
  summary: 'List the secret files of an app.',
  params: { aid, cid, id },
  output: SecretFileList,
  versioned: true,
});

/** An audit entry precedes the answer. */
export const showSecretFile = operation({
  id: 'app.secret-file.show',
  method: 'GET',
  path: `${one}/secret-files/:filename`,
  access: 'sensitive_read',
  summary: 'Show a secret file of an app with its content.',
  params: { aid, cid, id, filename },
  output: SecretFile,
  versioned: true,
});

export const changeSecretFiles = operation({
  id: 'app.secret-file.change',
  method: 'POST',
  path: `${one}/secret-files`,
  access: 'write',
  summary: 'Add, replace and remove secret files of an app. Its pods are replaced.',
  ...change,
  ...accepted,
  body: ChangeSecretFiles,
  examples: {
    body: { add: [{ filename: 'ca.pem', mountPath: '/etc/ssl/ca.pem', content: 'LS0tLS0=' }] },
    output: { jobId: exampleJob },
  },
});
