import { documentation } from '@runos/catalog-model';
import { z } from 'zod';
import { VariableName } from './variable-name.js';

/** Links of one app. */
const maxLinks = 50;

const Alias = z.string().regex(/^[a-zA-Z][\w-]{0,39}$/, 'must be a letter, then letters, digits, _ and -');

/** An instance of the same cluster that an app requires. */
const AppLink = z.strictObject({
  type: z.string().max(40).register(documentation, { description: 'Its type: a service type, or app.' }),
  id: z
    .string()
    .regex(/^([a-z][a-z0-9-]{0,39}-)?[a-z0-9]{5}$/, 'must be an instance id or an OSID')
    .register(documentation, { description: 'Its id or its OSID.' }),
  config: z.strictObject({}).optional().register(documentation, {
    description: 'Settings of the link; no type has any. Default: empty.',
  }),
  env: z.record(z.string().max(64), VariableName).optional().register(documentation, {
    description: 'The variable of the app for each credential that it gets, such as url. Default: none.',
  }),
});

/** The links of an app by alias. They replace all earlier ones; `{}` removes them. */
export const AppLinks = z
  .record(Alias, AppLink)
  .refine((links) => Object.keys(links).length <= maxLinks, `names more than ${maxLinks} links`)
  .register(documentation, { description: 'The instances that the app requires, by alias. Default: none.' });
export type AppLinks = z.output<typeof AppLinks>;
