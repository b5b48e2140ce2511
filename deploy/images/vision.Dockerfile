# The image of the vision service. deploy/README.md has the commands; every base is given by its digest.
ARG NODE_IMAGE
# Only the target cuda needs it; from scratch its build fails at once.
ARG CUDA_IMAGE=scratch

FROM ${NODE_IMAGE} AS install
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY proto/package.json proto/
COPY model/package.json model/
COPY services/runtime/package.json services/runtime/
COPY services/vision/package.json services/vision/
# The list of parts names what is here, and development dependencies are not.
RUN npm ci --omit=dev --no-audit --no-fund --workspace @medv/vision \
 && npm pkg delete devDependencies --workspaces --include-workspace-root \
 && npm sbom --sbom-format=cyclonedx --omit=dev > sbom.cdx.json \
 && find node_modules/onnxruntime-node/bin/napi-v6 -mindepth 2 -maxdepth 2 \
    ! -path "*/linux/$(node -p process.arch)" -exec rm -r {} +

FROM install AS install-cuda
# Fetches the CUDA provider that belongs to this version of ONNX Runtime.
RUN node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install \
 && test -s node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so

FROM scratch AS sources
COPY proto /app/proto
COPY model /app/model
COPY services/runtime /app/services/runtime
COPY services/vision /app/services/vision

FROM ${CUDA_IMAGE} AS cuda
COPY --from=install-cuda /usr/local/bin/node /usr/local/bin/node
RUN node --version && ldconfig -p | grep -q libcudnn.so.9
COPY --from=install-cuda /app /app
COPY --from=sources /app /app
WORKDIR /app
ENV NODE_ENV=production ORT_DISABLE_TELEMETRY=1
USER 65532:65532
EXPOSE 50051 50061
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning"]
CMD ["services/vision/src/main.ts"]

FROM ${NODE_IMAGE} AS cpu
COPY --from=install /app /app
COPY --from=sources /app /app
WORKDIR /app
ENV NODE_ENV=production ORT_DISABLE_TELEMETRY=1
USER 65532:65532
EXPOSE 50051 50061
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning"]
CMD ["services/vision/src/main.ts"]
