import { faultOf } from '@runos/kernel';

/** Whether another service answered that the thing asked about does not exist. */
export const isNotFound = (error: unknown): boolean => faultOf(error)?.code.endsWith('.not_found') ?? false;
