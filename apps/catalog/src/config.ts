import { serviceConfig } from '@runos/config';
import type { z } from 'zod';

/** The catalog has the settings of every service and no others. */
export const catalogConfig = serviceConfig({});

export type CatalogConfig = z.output<typeof catalogConfig>;
