// The official JavaScript client, unchanged. The stack's address and key come from the environment.

import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";

function required(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`environment variable missing: ${name} (expected: a stack that is up, as ./seedbed test e2e brings it)`);
  }
  return value;
}

const model = required("SEEDBED_MODEL");
const prompt = "/** Returns the sum of the even elements of xs. */\nstatic int f(int[] xs) {";
const messages = [{ role: "user", content: "Returns the sum of the even elements of xs.\nstatic int f(int[] xs)" }];

function connect(options = {}) {
  return new OpenAI({ baseURL: `${required("SEEDBED_BASE_URL")}/v1`, apiKey: required("SEEDBED_API_KEY"), maxRetries: 0, ...options });
}

async function collected(stream) {
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return chunks;
}

test("a streamed completion equals the one in one piece", async () => {
  const request = { model, prompt, max_tokens: 96, temperature: 0 };
  const chunks = await collected(await connect().completions.create({ ...request, stream: true }));
  const whole = await connect().completions.create(request);
  assert.equal(chunks.map((chunk) => chunk.choices[0].text).join(""), whole.choices[0].text);
  assert.ok(chunks.length > 1);
  assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
});

test("a streamed chat carries its role first and its usage last", async () => {
  const stream = await connect().chat.completions.create({ model, messages, max_completion_tokens: 64, stream: true, stream_options: { include_usage: true } });
  const chunks = await collected(stream);
  assert.equal(chunks[0].choices[0].delta.role, "assistant");
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.ok(chunks.at(-1).usage.completion_tokens > 0);
  assert.ok(chunks.slice(0, -1).every((chunk) => chunk.usage === null));
});

test("the client's own assembler understands a chat stream", async () => {
  const stream = connect().chat.completions.stream({ model, messages, max_completion_tokens: 64 });
  const final = await stream.finalChatCompletion();
  assert.ok(final.choices[0].message.content.length > 0);
  assert.equal(final.service_tier, "default");
});

test("drafts change nothing for a plain client", async () => {
  const request = { model, messages, max_completion_tokens: 64, temperature: 0, mode: "diffusion", policy: "fixed_steps", steps: 8 };
  const text = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? "").join("");
  const plain = await collected(await connect().chat.completions.create({ ...request, stream: true }));
  const drafted = await collected(await connect().chat.completions.create({ ...request, stream: true, diffusing: true }));
  assert.ok(drafted.some((chunk) => chunk.seedbed?.draft));
  assert.equal(text(drafted), text(plain));
});

test("a suffix ends an answer", async () => {
  const whole = (await connect().completions.create({ model, prompt, max_tokens: 128, temperature: 0 })).choices[0].text;
  const cut = whole.lastIndexOf("return ");
  const filled = await connect().completions.create({ model, prompt, suffix: `\n${whole.slice(cut)}`, max_tokens: 128, temperature: 0 });
  assert.equal(filled.choices[0].text, whole.slice(0, cut).trimEnd());
});

test("a model is listed", async () => {
  const ids = (await collected(await connect().models.list())).map((listed) => listed.id);
  assert.ok(ids.includes(model));
});

test("headers reach the caller", async () => {
  const { response, request_id: id } = await connect().completions.create({ model, prompt, max_tokens: 1 }).withResponse();
  assert.match(id, /^[0-9a-f-]{36}$/);
  for (const name of ["openai-processing-ms", "openai-version", "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "ratelimit"]) {
    assert.ok(response.headers.get(name), name);
  }
});

test("errors have the client's own classes", async () => {
  await assert.rejects(connect().completions.create({ model, prompt, max_tokens: 0 }), (error) => error instanceof OpenAI.BadRequestError && error.param === "max_tokens");
  await assert.rejects(connect().completions.create({ model: "no-such-model", prompt }), (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
  await assert.rejects(connect({ apiKey: "wrong" }).models.list(), OpenAI.AuthenticationError);
});

test("an aborted stream ends", async () => {
  const stream = await connect().completions.create({ model, prompt, max_tokens: 256, stream: true });
  for await (const chunk of stream) {
    assert.ok(chunk.id);
    break;
  }
  assert.ok(stream.controller.signal.aborted);
});

test("a budget that is spent is asked for once", async () => {
  let asked = 0;
  const counting = (...request) => {
    asked += 1;
    return fetch(...request);
  };
  const spent = connect({ apiKey: required("SEEDBED_SPENT_API_KEY"), maxRetries: 2, fetch: counting });
  await assert.rejects(spent.completions.create({ model, prompt }), (error) => error instanceof OpenAI.RateLimitError && error.type === "insufficient_quota");
  assert.equal(asked, 1);
});
