// The npm package openai's AzureOpenAI: does the one thing that stdin asks for, and prints what came of it.
import { readFileSync } from "node:fs";
import { AzureOpenAI, APIError } from "openai";

const { feature, endpoint, key, deployment, prompts, png, tool } = JSON.parse(readFileSync(0));
const client = new AzureOpenAI({ endpoint, apiKey: key, apiVersion: "2025-04-01-preview" });
const ask = (content, more = {}) =>
  client.chat.completions.create({ model: deployment, messages: [{ role: "user", content }], ...more });

const features = {
  async conversation() {
    const messages = [];
    const answers = [];
    for (const content of prompts) {
      messages.push({ role: "user", content });
      const reply = await client.chat.completions.create({ model: deployment, messages });
      messages.push(reply.choices[0].message);
      answers.push([reply.choices[0].message.content, reply.usage.prompt_tokens]);
    }
    return answers;
  },

  async stream() {
    const pieces = [];
    for await (const chunk of await ask(prompts[0], { stream: true })) {
      for (const choice of chunk.choices) if (choice.delta.content) pieces.push(choice.delta.content);
    }
    return pieces;
  },

  async tools() {
    const calls = [];
    const get_weather = (given) => {
      calls.push(["get_weather", given]);
      return `21 degrees in ${given.city || "town"}`;
    };
    const runner = client.chat.completions.runTools({
      model: deployment,
      messages: [{ role: "user", content: prompts[0] }],
      tools: [{ type: "function", function: { ...tool.function, function: get_weather, parse: JSON.parse } }],
    });
    return [calls, await runner.finalContent()];
  },

  async schema() {
    const integer = { type: "integer" };
    const text = { type: "string" };
    const schema = {
      type: "object",
      properties: { name: text, people: integer, kind: { type: "string", enum: ["city", "village"] } },
      required: ["name", "people", "kind"],
      additionalProperties: false,
    };
    const response_format = { type: "json_schema", json_schema: { name: "place", strict: true, schema } };
    return JSON.parse((await ask(prompts[0], { response_format })).choices[0].message.content);
  },

  async responses() {
    const answers = [];
    let previous_response_id = null;
    for (const input of prompts) {
      const reply = await client.responses.create({ model: deployment, input, previous_response_id });
      previous_response_id = reply.id;
      answers.push([reply.output_text, reply.usage.input_tokens]);
    }
    return answers;
  },

  async picture() {
    const picture = { type: "image_url", image_url: { url: `data:image/png;base64,${png}` } };
    return (await ask([{ type: "text", text: prompts[0] }, picture])).choices[0].message.content;
  },

  async image() {
    return (await client.images.generate({ model: deployment, prompt: prompts[0], quality: "low" })).data[0].b64_json;
  },

  async embeddings() {
    return (await client.embeddings.create({ model: deployment, input: prompts })).data.map((one) => one.embedding);
  },
};

try {
  console.log(JSON.stringify({ result: await features[feature]() }));
} catch (error) {
  if (!(error instanceof APIError)) throw error;
  console.log(JSON.stringify({ failure: [error.status, error.code, error.error] }));
}
