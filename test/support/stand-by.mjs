/** Muster's own program, which begins when it is told to. What it consists of is loaded before. */
import { text } from 'node:stream/consumers';

await import('../../dist/app.js');
// Who started it may be gone without having said anything.
if ((await text(process.stdin)) === 'begin') await import('../../dist/main.js');
else process.exit(0);
