/** What the process says to the shell; documented in docs/cli.md and in `--help`. */
export const exitCodes = {
  finished: 0,
  failed: 1,
  usage: 2,
  interrupted: 130,
  terminated: 143,
} as const
