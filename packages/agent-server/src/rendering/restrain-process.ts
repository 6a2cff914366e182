import { TemplateRefusal } from './template-refusal.js';

/** What a worker could do to the whole process. abort(), chdir() and setuid() fail in a worker by themselves. */
const REFUSED = ['kill', '_kill', '_debugProcess', '_debugEnd', 'dlopen'] as const;

/**
 * Keeps a template from ending the agent by accident: what would signal the process is refused, and process.exit() ends
 * the worker after saying so. No boundary against intent: the container is.
 */
export function restrainProcess(onExit: (exitCode: string) => void): void {
  for (const name of REFUSED) {
    replace(name, () => {
      throw new TemplateRefusal(`process.${name}() is not available in a system prompt`);
    });
  }
  const exit = process.exit.bind(process);
  replace('exit', (code?: number | string | null) => {
    onExit(String(code ?? process.exitCode ?? 0));
    exit(code);
  });
}

function replace(name: string, value: unknown): void {
  Object.defineProperty(process, name, { value, configurable: true, writable: true, enumerable: true });
}
