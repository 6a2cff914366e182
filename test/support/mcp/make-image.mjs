import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { buildImage, inspectImage } from '../../../scripts/lib/engine-images.mjs';
import { fromRoot } from '../../../scripts/lib/paths.mjs';
import { tarStream } from '../../../scripts/lib/tar.mjs';

/** `node make-image.mjs <engine>`: an image with node and an MCP server in it, and nothing of Muster; prints its name. */
const DOCKERFILE = `FROM node:24-slim
WORKDIR /app
COPY server.mjs ./
ENTRYPOINT ["node", "server.mjs"]
`;
const [host] = process.argv.slice(2);
const { outputFiles } = await build({
  entryPoints: [fromRoot('test/support/mcp/server.mjs')],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  write: false,
  logLevel: 'error',
});
const content = Buffer.from(outputFiles[0].contents);
const digest = createHash('sha256').update(DOCKERFILE).update(content).digest('hex');
const image = `muster/test-mcp:${digest.slice(0, 12)}`;
if (!(await inspectImage(host, image))) {
  const context = tarStream([
    { name: 'Dockerfile', content: DOCKERFILE },
    { name: 'server.mjs', content },
  ]);
  await buildImage(host, context, { tags: [image], labels: { 'io.muster.test': '1' } });
}
process.stdout.write(image);
