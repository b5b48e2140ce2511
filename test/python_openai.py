"""Asks a gateway through Python's openai package, and prints what it got as JSON: python3 python_openai.py BASE_URL IMAGE_URL"""

import json
import sys

from openai import OpenAI

base_url, image_url = sys.argv[1:]
client = OpenAI(base_url=base_url, api_key="none", max_retries=0)
models = [model.id for model in client.models.list()]
content = [
    {"type": "image_url", "image_url": {"url": image_url}},
    {"type": "text", "text": "What does this image show?"},
]
question = {
    "model": models[0],
    "messages": [{"role": "user", "content": content}],
    "max_tokens": 16,
    "seed": 7,
    "extra_body": {"diffusion": {"min_tokens": 4}},
}
whole = client.chat.completions.create(**question)
options = {"stream": True, "stream_options": {"include_usage": True}}
chunks = list(client.chat.completions.create(**question, **options))
pieces = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
usages = [chunk.usage for chunk in chunks if chunk.usage is not None]


def tokens(usage):
    return [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens]


answers = {
    "models": models,
    "text": whole.choices[0].message.content,
    "finish_reason": whole.choices[0].finish_reason,
    "usage": tokens(whole.usage),
    "streamed_text": "".join(pieces),
    "streamed_usages": [tokens(usage) for usage in usages],
}
print(json.dumps(answers))
