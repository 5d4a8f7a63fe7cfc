/** The platforms that the program `runos` is built for as one file, as Node names them. */
export const cliPlatforms = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'] as const;

export type CliPlatform = (typeof cliPlatforms)[number];

/** The name of the executable of a platform in the folder of a release. */
export const cliFileName = (platform: CliPlatform): string => `runos-${platform}`;
