/** What the engine's own log needs: a level, a sentence, and fields. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const ignore = () => {}

/** Says nothing: the default where the engine is embedded. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }
