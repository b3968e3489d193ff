/**
 * The command line: reads the arguments and hands over to one file a command. Everything a
 * command needs is imported when it is called, so that `--help` stays fast.
 * Main thread.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { packageVersion } from '../base/package-root.ts'
import { checkOption, parseDefinition } from '../graph/parse-options.ts'
import type { ListFlags, VerifyFlags } from './checkpoints.ts'
import { describeError } from './describe-error.ts'
import { exitCodes } from './exit-codes.ts'
import type { InfoFlags } from './info.ts'
import type { Definition, RunFlags } from './run-flags.ts'
import { onceReaderIsGone } from './standard-output.ts'

const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug']

const EXIT_CODES_HELP = `
Exit codes:
  0    the job finished, or the reader of its output went away
  1    the job failed, or a checkpoint is damaged
  2    bad usage, or a job that could not be started
  130  cancelled by Ctrl-C (a second one ends at once)
  143  cancelled by SIGTERM`

const RUN_HELP = `
Everything else is the job's own: --name value, --name=value, or --name alone for true. What
stands behind -- is the job's in any case. --some-name reaches the job as args.someName.
${EXIT_CODES_HELP}

Examples:
  sluice run flights.ts -p 2 --input flights.parquet --output out
  sluice run orders.ts --checkpoint-dir /var/lib/orders --interval 10s --restore latest`

/** Runs the command line (`argv` without node and script) and sets the process's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  onceReaderIsGone()
  try {
    await program().parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? exitCodes.finished : exitCodes.usage
      return
    }
    process.stderr.write(`${describeError(error, { color: process.stderr.isTTY === true })}\n`)
    process.exitCode = exitCodes.usage
  }
}

function program(): Command {
  const root = new Command('sluice')
    .description('A stream processor for one multi-core box.')
    .version(packageVersion(import.meta.url), '-V, --version')
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(sluice --help tells more)')
    .addHelpText('after', EXIT_CODES_HELP)
  addRun(root)
  addInfo(root)
  addCheckpoints(root)
  return root
}

function addRun(root: Command): void {
  withCheckpoints(jobCommand(root, 'run'))
    .description(
      'Run a job until it ends; results go to standard output, the log to standard error.',
    )
    .option('--overwrite', 'replace output that is already there', false)
    .addOption(
      new Option('--log-level <level>', 'least level logged').choices(LOG_LEVELS).default('info'),
    )
    .option('--progress', 'show progress (default: if standard error is a terminal)')
    .option('--no-progress', 'show none')
    .option('--stats', 'show each second what every task does, and which hold the others back')
    .addHelpText('after', RUN_HELP)
    .action(async (job: string, flags: RunFlags, command: Command) => {
      const { run } = await import('./run.ts')
      process.exitCode = await run(job, { flags, own: ownArguments(command) })
    })
}

function withCheckpoints(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--checkpoint-dir <path>',
        "the job's own directory for its checkpoints",
      ).argParser(checkedAs('checkpoints.dir')),
    )
    .addOption(
      new Option('--interval <duration>', 'how often a checkpoint is taken, such as 10s').argParser(
        checkedAs('checkpoints.interval'),
      ),
    )
    .addOption(
      new Option(
        '--restore <what>',
        "latest, none, or a checkpoint's path (default: none)",
      ).argParser(checkedAs('restore')),
    )
    .option('--accept-duplicates', 'restore although output since then cannot be withdrawn')
}

function addInfo(root: Command): void {
  jobCommand(root, 'info')
    .description('Show the plan of a job without running it.')
    .option('--json', 'as JSON', false)
    .option('--chains', 'with the code that runs each chain', false)
    .addHelpText('after', "\nThe job's own arguments are given as with run.")
    .action(async (job: string, flags: InfoFlags, command: Command) => {
      const { info } = await import('./info.ts')
      process.exitCode = await info(job, { flags, own: ownArguments(command) })
    })
}

function addCheckpoints(root: Command): void {
  const group = root.command('checkpoints').description("Look at a job's checkpoints.")
  checkpointCommand(group, 'list')
    .description('List them, the newest first.')
    .option('--json', 'as JSON', false)
    .action(async (directory: string, flags: ListFlags) => {
      const { list } = await import('./checkpoints.ts')
      process.exitCode = await list(directory, flags)
    })
  checkpointCommand(group, 'verify')
    .description('Read every byte of the completed ones and name each damaged file.')
    .option('--id <n>', 'only this one', checkpointNumber)
    .action(async (directory: string, flags: VerifyFlags) => {
      const { verify } = await import('./checkpoints.ts')
      process.exitCode = await verify(directory, flags)
    })
}

function checkpointCommand(group: Command, name: string): Command {
  return group
    .command(name)
    .argument('<directory>', 'what the job was given with --checkpoint-dir')
    .showHelpAfterError(`(sluice checkpoints ${name} --help tells more)`)
}

/** What the commands that take a job have in common. */
function jobCommand(root: Command, name: string): Command {
  return root
    .command(name)
    .argument('<job>', 'the module whose default export is the job')
    .showHelpAfterError(`(sluice ${name} --help tells more)`)
    .usage("[options] <job> [the job's own --arguments]")
    .option('-p, --parallelism <n>', 'subtasks of every operator that sets none', parallelism)
    .addOption(
      new Option('-D, --define <key=value>', 'an option of the engine; may be repeated')
        .argParser(definition)
        .default([], 'none'),
    )
    .option('--config <file>', 'a YAML file with options of the engine')
    .allowUnknownOption()
    .allowExcessArguments()
}

/** What Commander did not take for its own, behind the job's path. */
function ownArguments(command: Command): readonly string[] {
  return command.args.slice(1)
}

function parallelism(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) === 0) {
    throw new InvalidArgumentError('It must be a whole number from 1 on.')
  }
  return Number(text)
}

function checkpointNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

/** Reads the text of a flag that stands for one option of docs/options.md. */
function checkedAs(option: string): (text: string) => string {
  return (text) => {
    try {
      checkOption(option, text)
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message)
    }
    return text
  }
}

function definition(text: string, before: readonly Definition[]): readonly Definition[] {
  return [...before, parseDefinition(text)]
}
