import { appType } from '@runos/api';

/** One instance, as a path names it. Paths of apps name no type. */
export const oneOf = ({
  cid,
  type = appType,
  id,
}: {
  readonly cid: string;
  readonly type?: string;
  readonly id: string;
}) => ({ cid, type, id });

/** Absent unless it is true, as before there was a force. */
export const forced = ({ force }: { readonly force?: 'true' | 'false' | undefined }) =>
  force === 'true' ? { force: true } : {};
