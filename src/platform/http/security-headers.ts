import helmet from '@fastify/helmet';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** Headers that keep a browser from doing with an answer what it was not meant for. The docs page works under them. */
export async function addSecurityHeaders(app: NestFastifyApplication): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        // The documentation page styles itself inline and shows images it carries with it.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        scriptSrc: ["'self'"],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        // Muster speaks plain HTTP by default; a proxy that adds TLS says so itself.
        upgradeInsecureRequests: null,
      },
    },
    strictTransportSecurity: false,
    frameguard: { action: 'deny' },
  });
}
