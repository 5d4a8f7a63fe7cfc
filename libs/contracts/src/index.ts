export { event, type EventContract, request, type RequestContract, type Scope } from './contract.js';
export { type ServiceName, serviceNames } from './service-name.js';
