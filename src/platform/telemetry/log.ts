import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger } from 'pino';
import pretty from 'pino-pretty';
import { serializeError } from './serialize-error.js';

/** Fields that are never printed, at the top of a line or one level down. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'apiKey',
  'key',
  'uri',
  'soul',
  'aieos_identity',
  'systemPrompt',
  'prompt',
  'input',
  'body',
];

/** Contexts in which Nest tells of each module and route while it starts. */
const FRAMEWORK: ReadonlySet<unknown> = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

export interface LogOptions {
  readonly level: string;
  readonly format: 'auto' | 'json' | 'pretty';
  /** Where lines go; stdout unless given. */
  readonly destination?: DestinationStream;
}

/** The log: pino, worn as Nest's logger, so that `new Logger('Context')` anywhere ends up here. */
export class Log implements LoggerService {
  readonly pino: Logger;

  constructor({ level, format, destination }: LogOptions) {
    const prettily = format === 'pretty' || (format === 'auto' && process.stdout.isTTY);
    this.pino = pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { err: serializeError, error: serializeError },
        redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
      },
      destination ??
        (prettily
          ? pretty({ sync: true, ignore: 'context', messageFormat: '[{context}] {msg}' })
          : pino.destination({ sync: true })),
    );
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write(FRAMEWORK.has(rest.at(-1)) ? 'debug' : 'info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest passes the context last, and before it, for errors, a stack. */
  private write(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    message: unknown,
    rest: unknown[],
  ): void {
    const context = typeof rest.at(-1) === 'string' ? (rest.at(-1) as string) : undefined;
    const stack = rest.length > 1 && typeof rest[0] === 'string' ? rest[0] : undefined;
    const about = { context, ...(stack !== undefined && { stack }) };
    if (message instanceof Error) {
      this.pino[level]({ ...about, err: message }, message.message);
    } else if (typeof message === 'object' && message !== null) {
      const { msg, ...facts } = message as { msg?: string };
      this.pino[level]({ ...about, ...facts }, msg ?? '');
    } else {
      this.pino[level](about, String(message));
    }
  }
}
