import { type DescFile, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Server } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";

/** Adds server reflection for the services of `file`, so that generic gRPC clients can call them. */
export function addReflection(server: Server, file: DescFile): void {
  const files = [...withDependencies(file, new Set())];
  const reflection = new ReflectionService({
    // The package wants what a proto loader yields; it reads nothing but the descriptors.
    all: {
      format: "Protocol Buffer 3 DescriptorProto",
      type: {},
      fileDescriptorProtos: files.map(({ proto }) =>
        Buffer.from(toBinary(FileDescriptorProtoSchema, proto)),
      ),
    },
  });
  reflection.addToServer(server);
}

function withDependencies(file: DescFile, seen: Set<DescFile>): Set<DescFile> {
  for (const dependency of file.dependencies) {
    if (!seen.has(dependency)) withDependencies(dependency, seen);
  }
  return seen.add(file);
}
