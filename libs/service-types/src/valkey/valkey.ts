import { sizings } from '@runos/sizing';
import { commonInputs } from '../common-inputs.js';
import type { ServiceType } from '../service-type.js';
import { names } from './names.js';
import { render1 } from './render-1.js';

/** Valkey, the open-source fork of Redis: one primary, and read replicas for a replica count above one. */
export const valkey: ServiceType = {
  type: 'valkey',
  title: 'Valkey',
  inputs: commonInputs,
  versions: ['8.1'],
  defaultVersion: '8.1',
  sizing: sizings.valkey,
  ports: [{ name: 'valkey', port: names.port, protocol: 'TCP' }],
  requires: [],
  secrets: [{ name: 'password', length: 32, description: `the password of the user ${names.username}` }],
  renderers: { 1: render1 },
  credentials({ osid }, { password = '' }) {
    const host = `${osid}.${osid}.svc`;
    const { username, port } = names;
    return { host, port, username, password, url: `redis://${username}:${password}@${host}:${port}` };
  },
};
