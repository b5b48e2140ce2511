/** Numbers of a checkpoint to make, under the names of its `config.json`. */
export type CheckpointSize = {
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  /** Most ids before the control tokens. */
  readonly base_vocab: number;
  /** Only the named control tokens. */
  readonly compact: boolean;
  /** Rows of the embedding and of the LM head; at least the tokenizer's size. */
  readonly vocab_size?: number;
  readonly max_position_embeddings: number;
  /** Absent: the published so400m tower. */
  readonly vision_config?: Readonly<Record<string, number | string>>;
  readonly mm_hidden_size: number;
};

export const SIZES = {
  /** A few million parameters: the shapes of the embedded checkpoint. */
  tiny: {
    hidden_size: 192,
    num_hidden_layers: 6,
    num_attention_heads: 4,
    intermediate_size: 512,
    base_vocab: 1400,
    compact: true,
    max_position_embeddings: 2048,
    vision_config: {
      hidden_size: 160,
      intermediate_size: 480,
      num_hidden_layers: 6,
      num_attention_heads: 5,
      num_channels: 3,
      image_size: 96,
      patch_size: 12,
      hidden_act: "gelu_pytorch_tanh",
      layer_norm_eps: 1e-6,
    },
    mm_hidden_size: 160,
  },
  /** For benchmarks: a language tower of 284 M parameters with the published vision tower. */
  small: {
    hidden_size: 1024,
    num_hidden_layers: 16,
    num_attention_heads: 8,
    intermediate_size: 3072,
    base_vocab: 31731,
    compact: false,
    vocab_size: 32000,
    max_position_embeddings: 4096,
    mm_hidden_size: 1152,
  },
  /** The published shapes, 16.9 GB. */
  full: {
    hidden_size: 4096,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    intermediate_size: 12288,
    base_vocab: 126080,
    compact: false,
    vocab_size: 126464,
    max_position_embeddings: 16384,
    mm_hidden_size: 1152,
  },
} as const satisfies Record<string, CheckpointSize>;
