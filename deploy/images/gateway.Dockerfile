# The image of the gateway. deploy/README.md has the commands; every base is given by its digest.
ARG NODE_IMAGE

FROM ${NODE_IMAGE} AS install
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY proto/package.json proto/
COPY services/runtime/package.json services/runtime/
COPY gateway/package.json gateway/
# The gateway knows no weights: what the other processes compute with stays out.
# The list of parts names what is here; development dependencies and what was left out are not.
RUN npm ci --omit=dev --no-audit --no-fund --workspace @medv/gateway \
 && npm pkg delete devDependencies --workspaces --include-workspace-root \
 && npm pkg delete dependencies.onnxruntime-node --workspace @medv/runtime \
 && rm -r node_modules/onnxruntime-node \
 && npm sbom --sbom-format=cyclonedx --omit=dev > sbom.cdx.json

FROM scratch AS sources
COPY proto /app/proto
COPY services/runtime /app/services/runtime
COPY gateway /app/gateway

FROM ${NODE_IMAGE} AS gateway
COPY --from=install /app /app
COPY --from=sources /app /app
WORKDIR /app
ENV NODE_ENV=production
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning"]
CMD ["gateway/src/main.ts"]
