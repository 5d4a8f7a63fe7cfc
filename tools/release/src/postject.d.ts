/** The library has no types. */
declare module 'postject' {
  export function inject(
    file: string,
    resourceName: string,
    resource: Buffer,
    options: { readonly sentinelFuse: string; readonly machoSegmentName?: string; readonly overwrite?: boolean },
  ): Promise<void>;
}
