/** Names that several objects of an app share. The first two are known to existing clients. */
export const names = {
  env: (osid: string): string => `${osid}-user-env-vars`,
  secretEnv: (osid: string): string => `${osid}-user-secret-env-vars`,
  secretFiles: (osid: string): string => `${osid}-secret-files`,
  pullCredentials: (osid: string): string => `${osid}-pull-credentials`,
  container: 'app',
  port: (port: number): string => `port-${port}`,
} as const;
