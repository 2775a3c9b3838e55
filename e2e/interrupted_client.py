"""A program that is killed while it streams from one model version: `interrupted_client.py ADAPTER VERSION PROMPT`."""

import sys
import time

from model_versions import adapter
from seedbed.generation.v1 import generation_pb2

address, version, prompt = sys.argv[1:]
with adapter(address) as client:
    options = generation_pb2.DecodeOptions(mode=generation_pb2.MODE_AUTOREGRESSIVE, temperature=2.0)
    for _ in client.open(version, prompt, max_tokens=400, options=options):
        print("streaming", flush=True)
        time.sleep(600)  # reads no further: the stream stays open until the kill
