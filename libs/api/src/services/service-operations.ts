import { z } from 'zod';
import { Accepted, JobId, NextCursor, page } from '../field.js';
import { operation } from '../operation.js';
import { pathParams } from '../path-params.js';
import {
  CreatedService,
  CreateService,
  Credentials,
  Service,
  ServiceEvents,
  ServiceStatus,
  ServiceSummary,
  UpdatedService,
  UpdateService,
} from './service-shapes.js';

const { aid, cid, type, serviceId: id } = pathParams;
const ServiceList = z.object({ services: z.array(ServiceSummary), nextCursor: NextCursor });
const collection = '/:aid/:cid/services';
const one = `${collection}/:type/:id`;
const exampleJob = '0198c5a0-7b1e-7c52-9d2f-3f1b8a6e4d10';

export const listServices = operation({
  id: 'service.list',
  method: 'GET',
  path: collection,
  access: 'read',
  summary: 'The service instances of a cluster.',
  params: { aid, cid },
  query: page(500, 1000),
  output: ServiceList,
});

export const listServicesOfType = operation({
  id: 'service.list-of-type',
  method: 'GET',
  path: `${collection}/:type`,
  access: 'read',
  summary: 'The instances of one service type in a cluster.',
  params: { aid, cid, type },
  query: page(500, 1000),
  output: ServiceList,
});

export const createService = operation({
  id: 'service.create',
  method: 'POST',
  path: `${collection}/:type`,
  access: 'write',
  summary: 'Ask for a service instance; follow the job to see it come up.',
  params: { aid, cid, type },
  body: CreateService,
  output: CreatedService,
  status: 202,
  examples: {
    body: { name: 'orders', resourceRequirementClassId: 'postgresql.c0.beff' },
    output: { id: 'x7k2p', osid: 'postgresql-x7k2p', name: 'orders', status: 'pending', jobId: exampleJob },
  },
});

export const showService = operation({
  id: 'service.show',
  method: 'GET',
  path: one,
  access: 'read',
  summary: 'One instance: what was asked for and what is seen.',
  params: { aid, cid, type, id },
  output: Service,
  versioned: true,
});

export const updateService = operation({
  id: 'service.update',
  method: 'PATCH',
  path: one,
  access: 'write',
  summary: 'Change what is asked for; fields left out stay as they are.',
  params: { aid, cid, type, id },
  body: UpdateService,
  output: UpdatedService,
  status: 202,
  versioned: true,
  examples: {
    body: { cpuLimitMc: 1500 },
    output: { jobId: exampleJob, rrcFlipHint: 'cpuLimitMc is 1500, not 1000: the class is custom now.' },
  },
});

export const deleteService = operation({
  id: 'service.delete',
  method: 'DELETE',
  path: one,
  access: 'write',
  summary: 'Delete an instance with everything in its namespace.',
  params: { aid, cid, type, id },
  output: Accepted,
  status: 202,
  versioned: true,
});

export const restartService = operation({
  id: 'service.restart',
  method: 'PATCH',
  path: `${one}/restart`,
  access: 'write',
  summary: 'Restart the pods of an instance, one after the other where it has several.',
  params: { aid, cid, type, id },
  output: z.object({ osid: z.string(), message: z.string(), jobId: JobId }),
  status: 202,
  versioned: true,
});

export const showServiceStatus = operation({
  id: 'service.status',
  method: 'GET',
  path: `${one}/status`,
  access: 'read',
  summary: 'How an instance is doing.',
  params: { aid, cid, type, id },
  output: ServiceStatus,
});

export const showCredentials = operation({
  id: 'service.credentials',
  method: 'GET',
  path: `${one}/credentials`,
  access: 'sensitive_read',
  summary: 'How to connect to an instance; an audit entry is written before the answer.',
  params: { aid, cid, type, id },
  output: Credentials,
  examples: {
    output: {
      host: 'postgresql-x7k2p-rw.postgresql-x7k2p.svc',
      port: 5432,
      username: 'app',
      password: 'k3J…',
      database: 'app',
      url: 'postgresql://app:k3J…@postgresql-x7k2p-rw.postgresql-x7k2p.svc:5432/app',
    },
  },
});

export const listServiceEvents = operation({
  id: 'service.events',
  method: 'GET',
  path: `${one}/events`,
  access: 'read',
  summary: 'What happened to an instance, newest first: drift and its repair, data loss, changes of state.',
  params: { aid, cid, type, id },
  query: page(50, 200),
  output: ServiceEvents,
});
