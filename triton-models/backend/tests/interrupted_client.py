"""A client process to be killed: says on standard output that its stream has begun, and reads on."""

import json
import sys

from generation_stream import GenerationStream

address, model, request = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
with GenerationStream(address, model, **request) as stream:
    for number, _ in enumerate(stream):
        if number == 0:
            print("streaming", flush=True)
