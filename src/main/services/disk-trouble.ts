/** What a system has against a folder, in words. */
interface DiskTrouble {
  /** Behind "because". */
  readonly what: string;
  readonly advice: string;
}

/**
 * What an error of the system says of a folder of ours; undefined where it is no matter of the disk.
 * @param variable names another folder
 */
export function diskTrouble(cause: unknown, variable: string): DiskTrouble | undefined {
  const elsewhere = `choose another folder with ${variable}`;
  const troubles: Readonly<Record<string, readonly [what: string, advice: string]>> = {
    ENOSPC: ['the disk is full', 'free some space'],
    EDQUOT: ['your share of the disk is used up', 'free some space'],
    EACCES: ['it may not be written to', 'change its permissions'],
    EPERM: ['it may not be written to', 'change its permissions'],
    EROFS: ['its disk cannot be written to', elsewhere],
    ENOTDIR: ['it is not a folder', elsewhere],
    EEXIST: ['it is not a folder', elsewhere],
    EIO: ['its disk does not work', `check it, or ${elsewhere}`],
  };
  const [what, advice] = troubles[(cause as NodeJS.ErrnoException).code ?? ''] ?? [];
  return what === undefined ? undefined : { what, advice: advice! };
}
