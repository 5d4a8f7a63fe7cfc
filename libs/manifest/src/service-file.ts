import { documentation, type ServiceTypeFields } from '@runos/catalog-model';
import { Aid, Cid, InstanceId } from '@runos/osid';
import { z } from 'zod';

const header = (pattern: RegExp, what: string, description: string) =>
  z.string().regex(pattern, `must be ${what}`).register(documentation, { description });

/**
 * The file of one service of a type (`runos.service.<cid>.<type>.<id>.yaml`): the header, then each field that a create
 * or an update of the type has. A field that is absent keeps its value.
 */
export const serviceFileOf = ({ type, title, inputs }: ServiceTypeFields) =>
  z.strictObject({
    type: z.literal(type).register(documentation, { description: `Type of the service: ${title}.` }),
    id: header(InstanceId.pattern, 'a service id', 'Id of the service. Default: it is created.').optional(),
    cid: header(Cid.pattern, 'a cluster id', 'Id of its cluster.'),
    aid: header(Aid.pattern, 'an account id', 'Id of its account.'),
    ...inputs.create.partial().shape,
    ...inputs.update.partial().shape,
  });

/** The content of the file of a service: its header, and fields that depend on the type. */
export interface ServiceFile {
  readonly type: string;
  readonly id?: string | undefined;
  readonly cid: string;
  readonly aid: string;
  readonly [field: string]: unknown;
}
