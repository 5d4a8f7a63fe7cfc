import { appType } from '@runos/api';

/** Names an app as the reconciler names instances. */
export const appName = ({ cid, id }: { readonly cid: string; readonly id: string }) => ({ cid, type: appType, id });
