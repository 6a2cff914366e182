# Muster's API. Build: docker build -t muster .
# Behind a proxy with its own certificate authority: docker build --secret id=ca,src=<ca file> -t muster .

FROM node:24-slim AS packages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY packages/agent-server/package.json packages/agent-server/
COPY packages/documentdb-server/package.json packages/documentdb-server/
RUN --mount=type=secret,id=ca \
    if [ -f /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
    npm install --omit=dev --no-progress --loglevel=error

FROM packages AS build
RUN --mount=type=secret,id=ca \
    if [ -f /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
    npm install --no-progress --loglevel=error
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY packages packages
COPY src src
RUN npm run build

FROM node:24-slim
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 HOST=0.0.0.0 PORT=5176 DATA_DIR=/var/lib/muster
WORKDIR /opt/muster
COPY --from=packages /build/node_modules node_modules
COPY --from=build /build/packages/agent-server/package.json packages/agent-server/
COPY --from=build /build/packages/agent-server/dist packages/agent-server/dist
COPY --from=build /build/packages/documentdb-server/package.json packages/documentdb-server/
COPY --from=build /build/packages/documentdb-server/dist packages/documentdb-server/dist
COPY --from=build /build/dist dist
COPY package.json ./
COPY docs/problems docs/problems
RUN mkdir -p "$DATA_DIR" && chown 1000:1000 "$DATA_DIR"
USER 1000:1000
EXPOSE 5176
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# The flags of `npm start`: a young generation of 8 MiB and few arenas of malloc keep the process small, at no cost in requests.
ENTRYPOINT ["node", "--min-semi-space-size=8", "--max-semi-space-size=8", "--enable-source-maps", "dist/main.js"]
