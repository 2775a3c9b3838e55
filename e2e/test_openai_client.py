"""The official Python client, unchanged."""

import openai
import pytest
from admin import AdminClient, Tenant
from endpoints import Endpoints

CHAT = [{"role": "user", "content": "Returns the sum of the even elements of xs.\nstatic int f(int[] xs)"}]


def test_a_streamed_completion_equals_the_one_in_one_piece(client: openai.OpenAI, endpoints: Endpoints, prompts: list[str]):
    request = {"model": endpoints.model, "prompt": prompts[0], "max_tokens": 96, "temperature": 0}
    chunks = list(client.completions.create(**request, stream=True))
    whole = client.completions.create(**request)
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices) == whole.choices[0].text != ""
    assert len(chunks) > 1
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == whole.choices[0].finish_reason
    assert len({chunk.id for chunk in chunks}) == 1
    assert {chunk.object for chunk in chunks} == {whole.object} == {"text_completion"}


def test_a_streamed_chat_equals_the_one_in_one_piece(client: openai.OpenAI, endpoints: Endpoints):
    request = {"model": endpoints.model, "messages": CHAT, "max_completion_tokens": 96, "temperature": 0}
    chunks = list(client.chat.completions.create(**request, stream=True))
    whole = client.chat.completions.create(**request)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == whole.choices[0].message.content != ""
    assert chunks[0].choices[0].delta.role == whole.choices[0].message.role == "assistant"
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert whole.object == "chat.completion"


def test_the_client_assembles_a_chat_stream_itself(client: openai.OpenAI, endpoints: Endpoints):
    with client.chat.completions.stream(model=endpoints.model, messages=CHAT, max_completion_tokens=64) as stream:
        events = list(stream)
        final = stream.get_final_completion()
    assert [event.type for event in events if event.type == "content.delta"]
    assert final.choices[0].message.content


@pytest.mark.parametrize("kind", ["completion", "chat"])
def test_usage_comes_in_one_last_chunk_when_asked_for(kind: str, client: openai.OpenAI, endpoints: Endpoints, prompts: list[str]):
    def stream(**more: object) -> list:
        if kind == "chat":
            return list(client.chat.completions.create(model=endpoints.model, messages=CHAT, max_tokens=32, stream=True, **more))
        return list(client.completions.create(model=endpoints.model, prompt=prompts[1], max_tokens=32, stream=True, **more))

    *others, last = stream(stream_options={"include_usage": True})
    assert last.choices == []
    assert last.usage.prompt_tokens > 0
    assert 0 < last.usage.completion_tokens <= 32
    assert last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens
    assert all(chunk.usage is None for chunk in others)
    assert all(chunk.usage is None for chunk in stream())


def test_usage_is_what_the_tenant_was_billed(client: openai.OpenAI, endpoints: Endpoints, admin: AdminClient, tenant: Tenant, prompts: list[str]):
    usages = [client.completions.create(model=endpoints.model, prompt=prompt, max_tokens=48).usage for prompt in prompts[:3]]
    budget = admin.budgets(tenant)["OUTPUT_TOKEN"]
    assert budget.posted == sum(usage.completion_tokens for usage in usages) > 0
    assert budget.reserved == 0


def test_the_served_model_is_listed(client: openai.OpenAI, endpoints: Endpoints):
    listed = {model.id: model for model in client.models.list()}
    assert listed[endpoints.model].object == "model"
    assert listed[endpoints.model].created > 0


def test_text_ends_before_the_first_stop_text(client: openai.OpenAI, endpoints: Endpoints, prompts: list[str]):
    request = {"model": endpoints.model, "prompt": prompts[0], "max_tokens": 96, "temperature": 0}
    whole = client.completions.create(**request).choices[0].text
    stop = whole[len(whole) // 2 : len(whole) // 2 + 4]
    stopped = client.completions.create(**request, stop=[stop, "never there"]).choices[0]
    assert stopped.text == whole[: whole.index(stop)]
    assert stopped.finish_reason == "stop"
    streamed = client.completions.create(**request, stop=stop, stream=True)
    assert "".join(chunk.choices[0].text for chunk in streamed if chunk.choices) == stopped.text


def test_max_tokens_ends_an_answer_with_reason_length(client: openai.OpenAI, endpoints: Endpoints, prompts: list[str]):
    answer = client.completions.create(model=endpoints.model, prompt=prompts[0], max_tokens=1)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 1


def test_a_seed_fixes_the_answer_at_temperature(client: openai.OpenAI, endpoints: Endpoints, prompts: list[str]):
    def text(seed: int) -> str:
        return client.completions.create(model=endpoints.model, prompt=prompts[2], max_tokens=64, temperature=1.5, seed=seed).choices[0].text

    assert text(11) == text(11)
    assert len({text(seed) for seed in range(8)}) > 1
