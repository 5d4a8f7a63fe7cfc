import { requireAccount, requireApiUrl, requireCluster, type Settings } from '../configuration/settings.js';
import { CliError, usageError } from '../failure/cli-error.js';

const jobId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const osid = /^([a-z][a-z0-9-]{0,39})-([a-z0-9]{5})$/;
const clusterId = /^[a-z0-9]{3,16}$/;

/**
 * The page of an object at the Console, else at the API: the paths of both are the same. Without an object, the first
 * page. @throws CliError for what is no id of an object, and when the address is no web page of that server
 */
export function objectUrl(object: string | undefined, cid: string | undefined, settings: Settings): string {
  const address = `${(settings.consoleUrl ?? requireApiUrl(settings)).replace(/\/{1,9}$/, '')}/`;
  const path = `.${object === undefined ? '/' : pathOf(object, cid, settings)}`;
  const url = URL.canParse(path, address) ? new URL(path, address) : undefined;
  const isWeb = url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.username + url.password === '';
  if (isWeb && url.origin === new URL(address).origin) return url.href;
  throw new CliError('The address of the Console is no address that a browser may open.', {
    remedy: 'runos config set console-url https://console.example.com',
  });
}

function pathOf(object: string, cid: string | undefined, settings: Settings): string {
  if (jobId.test(object)) return `/jobs/${object}`;
  const account = `/${encodeURIComponent(requireAccount(settings))}`;
  const [, type, id] = osid.exec(object) ?? [];
  if (type !== undefined) {
    const cluster = `${account}/${encodeURIComponent(cid ?? requireCluster(settings))}`;
    return type === 'app' ? `${cluster}/apps/${id}` : `${cluster}/services/${type}/${id}`;
  }
  if (clusterId.test(object)) return `${account}/clusters/${object}`;
  throw usageError(`"${object}" is no id of an object.`, {
    remedy: 'give an OSID like app-k3v9q or postgresql-o0i2a, the id of a job, or that of a cluster',
  });
}
