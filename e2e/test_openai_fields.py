"""Every request field of OpenAI's own types is honoured, accepted or refused by name: a field that is new in them fails here."""

import inspect

import httpx
import openai
import pytest
from endpoints import Endpoints
from openai.types import completion_create_params
from openai.types.chat import completion_create_params as chat_params

HONOURED, ACCEPTED, REFUSED = "honoured", "accepted", "refused"
NEVER = object()

# field -> what is done with it, a value that is taken, and one that is refused by the field's name (NEVER: all are taken).
COMMON = {
    "model": (HONOURED, None, 7),
    "frequency_penalty": (REFUSED, 0, 0.5),
    "logit_bias": (REFUSED, {}, {"5": 1}),
    "max_tokens": (HONOURED, 4, 0),
    "n": (REFUSED, 1, 2),
    "presence_penalty": (REFUSED, 0, 0.5),
    "seed": (HONOURED, 3, -1),
    "stop": (HONOURED, ["never there"], [""]),
    "stream": (HONOURED, False, "yes"),
    "stream_options": (HONOURED, None, {"include_usage": True}),
    "temperature": (HONOURED, 0.5, 3),
    "top_p": (HONOURED, 0.5, 0),
    "user": (ACCEPTED, "somebody", NEVER),
}
COMPLETION = COMMON | {
    "prompt": (HONOURED, "static int f(int x) {", 7),
    "best_of": (REFUSED, 1, 2),
    "echo": (REFUSED, False, True),
    "logprobs": (REFUSED, None, 1),
    "suffix": (HONOURED, "\n}", 7),
}
CHAT = COMMON | {
    "messages": (HONOURED, [{"role": "user", "content": "static int f(int x)"}], []),
    "audio": (REFUSED, None, {}),
    "function_call": (REFUSED, "none", "auto"),
    "functions": (REFUSED, [], [{}]),
    "logprobs": (REFUSED, False, True),
    "max_completion_tokens": (HONOURED, 4, 0),
    "metadata": (ACCEPTED, {"a": "b"}, NEVER),
    "modalities": (REFUSED, ["text"], ["audio"]),
    "moderation": (REFUSED, None, {}),
    "parallel_tool_calls": (ACCEPTED, True, NEVER),
    "prediction": (ACCEPTED, {"type": "content", "content": "x"}, 7),
    "prompt_cache_key": (ACCEPTED, "key", NEVER),
    "prompt_cache_options": (ACCEPTED, {}, NEVER),
    "prompt_cache_retention": (ACCEPTED, "24h", NEVER),
    "reasoning_effort": (REFUSED, "none", "high"),
    "response_format": (REFUSED, {"type": "text"}, {"type": "json_object"}),
    "safety_identifier": (ACCEPTED, "somebody", NEVER),
    "service_tier": (ACCEPTED, "auto", "gold"),
    "store": (ACCEPTED, True, NEVER),
    "tool_choice": (REFUSED, "none", "auto"),
    "tools": (REFUSED, [], [{}]),
    "top_logprobs": (REFUSED, None, 2),
    "verbosity": (REFUSED, "medium", "high"),
    "web_search_options": (REFUSED, None, {}),
}
# What the client's methods take beside the request's own fields.
OF_THE_CLIENT = {"self", "extra_headers", "extra_query", "extra_body", "timeout"}
SURFACES = {"/v1/completions": COMPLETION, "/v1/chat/completions": CHAT}
CASES = [(path, field) for path, table in SURFACES.items() for field in table]


def body(path: str, **more: object) -> dict:
    least = {"prompt": "static int f(int x) {"} if path == "/v1/completions" else {"messages": CHAT["messages"][1]}
    return {"max_tokens": 4, **least, **more}


@pytest.mark.parametrize(
    ("table", "params", "method"),
    [
        (COMPLETION, completion_create_params, openai.resources.Completions.create),
        (CHAT, chat_params, openai.resources.chat.Completions.create),
    ],
    ids=SURFACES,
)
def test_every_field_of_the_clients_types_is_decided(table: dict, params: object, method: object):
    written = set(params.CompletionCreateParamsBase.__annotations__) | set(params.CompletionCreateParamsStreaming.__annotations__)
    taken = set(inspect.signature(inspect.unwrap(method)).parameters) - OF_THE_CLIENT
    assert written | taken == set(table)


@pytest.mark.parametrize(("path", "field"), CASES)
def test_a_harmless_value_is_taken(path: str, field: str, http: httpx.Client):
    _, harmless, _ = SURFACES[path][field]
    answer = http.post(path, json=body(path, **{field: harmless}))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(("path", "field"), [case for case in CASES if SURFACES[case[0]][case[1]][2] is not NEVER])
def test_a_value_that_cannot_be_honoured_is_refused_by_name(path: str, field: str, http: httpx.Client):
    _, _, refused = SURFACES[path][field]
    answer = http.post(path, json=body(path, **{field: refused}))
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"].startswith(field)


@pytest.mark.parametrize("tier", ["auto", "default", "flex", "scale", "priority", "fast"])
def test_the_tier_that_was_used_is_told(tier: str, client: openai.OpenAI, endpoints: Endpoints):
    chat = {"model": endpoints.model, "messages": CHAT["messages"][1], "max_tokens": 4, "service_tier": tier}
    assert client.chat.completions.create(**chat).service_tier == "default"
    assert {chunk.service_tier for chunk in client.chat.completions.create(**chat, stream=True)} == {"default"}
