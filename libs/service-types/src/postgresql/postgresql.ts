import { sizings } from '@runos/sizing';
import { commonInputs, configInputs } from '../common-inputs.js';
import type { ServiceType } from '../service-type.js';
import { application } from './application.js';
import { sharedBuffersIssues, walSizeIssues } from './clashes.js';
import { parameters } from './parameters.js';
import { render1 } from './render-1.js';
import { reservedParameters } from './reserved-parameters.js';

/** PostgreSQL, run by the CloudNativePG operator. */
export const postgresql: ServiceType = {
  type: 'postgresql',
  title: 'PostgreSQL',
  inputs: [...commonInputs, ...configInputs],
  versions: ['16', '17', '18'],
  defaultVersion: '17',
  sizing: sizings.postgresql,
  ports: [{ name: 'postgresql', port: application.port, protocol: 'TCP' }],
  requires: [],
  secrets: [{ name: 'password', length: 32, description: `the password of the user ${application.username}` }],
  config: { keys: parameters, reserved: reservedParameters, combinationIssues: walSizeIssues },
  renderers: { 1: render1 },
  credentials({ osid }, { password = '' }) {
    const host = `${osid}-rw.${osid}.svc`;
    const { username, database, port } = application;
    return {
      host,
      port,
      username,
      password,
      database,
      url: `postgresql://${username}:${password}@${host}:${port}/${database}`,
    };
  },
  clashes: sharedBuffersIssues,
};
