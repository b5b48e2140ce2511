import { create } from "@bufbuild/protobuf";
import { ValueInfoProtoSchema, type ValueInfoProto } from "@medv/proto/onnx";
import { ONNX_DATA_TYPE } from "./dtype.ts";
import type { Value } from "./value.ts";

/** An input or output of a graph as ONNX declares it. */
export function valueInfo(value: Value): ValueInfoProto {
  return create(ValueInfoProtoSchema, {
    name: value.name,
    type: {
      value: {
        case: "tensorType",
        value: {
          elemType: ONNX_DATA_TYPE[value.dtype],
          shape: {
            dim: value.shape.map((dim) => ({
              value:
                typeof dim === "number"
                  ? { case: "dimValue" as const, value: BigInt(dim) }
                  : { case: "dimParam" as const, value: dim },
            })),
          },
        },
      },
    },
  });
}
