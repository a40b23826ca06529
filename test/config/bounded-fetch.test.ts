import { describe, expect, it } from "@jest/globals";
import { boundedFetch } from "../../src/config/bounded-fetch.ts";

describe("a bounded answer", () => {
	const answering = (status: number, chunks: readonly string[]) =>
		boundedFetch(async () => {
			const body = new ReadableStream({
				start(controller) {
					for (const chunk of chunks) controller.enqueue(Buffer.from(chunk));
					// It never ends.
				},
			});
			return new Response(body, { status });
		}, 4);

	it.each([[["abcd"]], [["ab", "cd"]], [["abc", "defgh"]]])("ends where the bound is reached: %j", async (chunks) => {
		const response = await answering(200, chunks)("http://127.0.0.1");
		expect(response.text).toBe("abcd");
	});

	it.each([204, 205, 304])("has no body where its status %i has none", async (status) => {
		const response = await boundedFetch(async () => new Response(null, { status }))("http://127.0.0.1");
		expect([response.status, response.text]).toEqual([status, ""]);
	});
});
