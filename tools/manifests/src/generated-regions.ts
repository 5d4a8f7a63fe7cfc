/**
 * Replaces the lines between `# generated: <name>` and `# end: <name>` of each region that a text contains.
 * @throws Error for a region without content or without an end
 */
export function fillRegions(text: string, regions: Readonly<Record<string, readonly string[]>>): string {
  return text.replaceAll(
    /^( *)# generated: (\S+)(.*)\n[^]*?^ *# end: \2$/gm,
    (_, indent: string, name: string, remark: string) => {
      const lines = regions[name];
      if (lines === undefined) throw new Error(`there is no content for the region ${name}`);
      return [`${indent}# generated: ${name}${remark}`, ...lines, `${indent}# end: ${name}`].join('\n');
    },
  );
}
