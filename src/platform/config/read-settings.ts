import { DomainError, type Fault } from '../../domain/errors/domain-error.js';
import type { Variable } from './variable.js';
import { VARIABLES, type Settings } from './variables.js';

/** An environment, such as the process's own. */
export type Environment = Readonly<Record<string, string | undefined>>;

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

/**
 * Reads every variable. The pointer of a fault is the variable's name; a secret's text is never in it.
 * @throws DomainError CONFIGURATION_INVALID with every fault at once
 */
export function readSettings(environment: Environment): Settings {
  const faults: Fault[] = [];
  const settings: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries<Variable<unknown>>(VARIABLES)) {
    const written = environment[name];
    const parsed = written === undefined || written === '' ? { value: variable.fallback } : variable.parse(written);
    if ('fault' in parsed) {
      const given = variable.secret === true ? '' : ` (it is "${written ?? ''}")`;
      faults.push({ pointer: name, detail: `${parsed.fault}${given}` });
    } else {
      settings[name] = parsed.value;
    }
  }
  if (settings['MUSTER_DEV_NO_AUTH'] === true && !LOOPBACK.test(String(settings['HOST']))) {
    faults.push({
      pointer: 'MUSTER_DEV_NO_AUTH',
      detail: `is only allowed when HOST is a loopback address (it is "${String(settings['HOST'])}")`,
    });
  }
  if (settings['MUSTER_DEV_NO_AUTH'] === true && settings['NODE_ENV'] === 'production') {
    faults.push({ pointer: 'MUSTER_DEV_NO_AUTH', detail: 'is not allowed when NODE_ENV is production' });
  }
  if (faults.length > 0) {
    throw new DomainError('CONFIGURATION_INVALID', 'The configuration has faults.', {
      faults,
    });
  }
  return settings as unknown as Settings;
}
