// What ../one_request.py says, with the official JavaScript client.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import OpenAI from "openai";

const { stream, ...request } = JSON.parse(process.env.SEEDBED_REQUEST);
const key = process.env.SEEDBED_IDEMPOTENCY_KEY;
const client = new OpenAI({
  baseURL: `${process.env.SEEDBED_BASE_URL}/v1`,
  apiKey: process.env.SEEDBED_API_KEY,
  defaultHeaders: key ? { "Idempotency-Key": key } : {},
  timeout: 1000 * Number(process.env.SEEDBED_TIMEOUT_SECONDS),
});
console.log("ready");
await once(process.stdin, "data");
process.stdin.unref();
const seen = { text: "", tokens: null, error: null };
try {
  if (stream) {
    for await (const chunk of await client.completions.create({ ...request, stream: true })) {
      if (!seen.text && chunk.choices[0].text) {
        execFileSync("kill", process.env.SEEDBED_FAULT.split(" "));
      }
      seen.text += chunk.choices[0].text;
    }
  } else {
    const whole = await client.completions.create(request);
    seen.text = whole.choices[0].text;
    seen.tokens = whole.usage.completion_tokens;
  }
} catch (error) {
  seen.error = { class: error.constructor.name, ours: error instanceof OpenAI.OpenAIError, code: error.code ?? null, message: error.message };
}
console.log(JSON.stringify(seen));
