import { text } from 'node:stream/consumers';
import { PassThrough } from 'node:stream';
import { engine } from './engine.js';

/** Runs a program beside the agent, as the engine's own exec does: with what the container has, and nothing more but its input. */
export async function runInside(
  container: string,
  command: readonly string[],
  input?: string,
): Promise<{ code: number; said: string }> {
  const hasInput = input !== undefined;
  const exec = await engine.getContainer(container).exec({
    Cmd: [...command],
    AttachStdin: hasInput,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start(hasInput ? { hijack: true, stdin: true } : {});
  if (hasInput) stream.end(input);
  const output = new PassThrough();
  engine.modem.demuxStream(stream, output, output);
  stream.on('end', () => output.end());
  const said = (await text(output)).trim();
  return { code: (await exec.inspect()).ExitCode ?? -1, said };
}

/** Starts a program that goes on, and is heard of no more. */
export async function startInside(container: string, command: readonly string[]): Promise<void> {
  const exec = await engine.getContainer(container).exec({ Cmd: [...command] });
  (await exec.start({ Detach: true })).destroy();
}

/** What a JavaScript program prints in there. */
export async function saidInside(container: string, program: string): Promise<string> {
  return (await runInside(container, ['node', '-e', program])).said;
}

/** What a JavaScript expression is in there. */
export async function evaluateInside<T>(container: string, expression: string): Promise<T> {
  const said = await saidInside(container, `console.log(JSON.stringify(${expression}))`);
  try {
    return JSON.parse(said) as T;
  } catch (cause) {
    throw new Error(`It printed no value: ${said}`, { cause });
  }
}
