import { describe, expect, it } from "@jest/globals";
import { type Api, ApiError } from "../../src/console/browser/api.ts";
import { doAll } from "../../src/console/browser/do-all.ts";

describe("all dead letters, of which one request takes a part", () => {
	/** An api whose requests are answered so, one after the other. */
	const apiOf = (...answers: readonly (object | Error)[]) => {
		const left = [...answers];
		const next = async () => {
			const answer = left.shift();
			if (answer instanceof Error) throw answer;
			return answer;
		};
		return { replay: next, discard: next } as unknown as Api;
	};
	const some = (name: string, outcome: string, more: object) => ({
		[name]: [1, 2].map((key) => ({ key: `${key}`, outcome, reason: null })),
		...more,
	});

	it.each([
		["replay", "replayed", "accepted"],
		["discard", "discarded", "discarded"],
	] as const)("are told as far as they were done where a later request fails: %s", async (action, name, outcome) => {
		const api = apiOf(some(name, outcome, { more: true, continue: "a" }), new ApiError("storage is down", 503));
		expect(await doAll(api, action, { all: true })).toBe(
			`2 dead letters ${name}; then: storage is down; there are more, ${action} again`,
		);
	});

	it("are told to the end", async () => {
		const api = apiOf(
			some("replayed", "accepted", { more: true, continue: "a" }),
			some("replayed", "accepted", { more: false }),
		);
		expect(await doAll(api, "replay", { all: true })).toBe("4 dead letters replayed");
	});

	it("fail where not even the first request is answered", async () => {
		const api = apiOf(new ApiError("the bridge answered 401", 401));
		await expect(doAll(api, "discard", { all: true })).rejects.toMatchObject({ status: 401 });
	});
});
