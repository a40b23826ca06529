import { describe, expect, it } from "@jest/globals";
import { type Api, ApiError, createApi, createKeyRing, type Fetch, KEY_NAMES } from "../../src/console/browser/api.ts";

/** The browser's storage of a tab. */
function tab() {
	const items = new Map<string, string>();
	return {
		items,
		getItem: (name: string) => items.get(name) ?? null,
		setItem: (name: string, value: string) => void items.set(name, value),
		removeItem: (name: string) => void items.delete(name),
	};
}

function apiThatAnswers(answer: () => Response | Promise<Response>) {
	const asked: { path: string; init: Parameters<Fetch>[1] }[] = [];
	const keys = createKeyRing(tab());
	const api = createApi(keys, async (path, init) => {
		asked.push({ path, init });
		return answer();
	});
	return { api, keys, asked };
}

describe("the keys of a tab", () => {
	it("are kept there by name, replaced, and forgotten", () => {
		const storage = tab();
		const keys = createKeyRing(storage);
		expect(keys.get("receipts")).toBeUndefined();
		keys.set("receipts", "one");
		keys.set("replay", "other");
		expect([keys.get("receipts"), keys.get("replay")]).toEqual(["one", "other"]);
		keys.set("replay", "");
		expect([...storage.items.values()]).toEqual(["one"]);
		keys.forget();
		expect(storage.items.size).toBe(0);
	});
});

describe("what the page asks", () => {
	it.each<[string, (api: Api) => Promise<unknown>, string | undefined]>([
		["receipts", (api) => api.receipts({ state: "dead", find: "a&b", limit: 5 }), "of receipts"],
		["counts", (api) => api.counts(0, 60_000), "of counts"],
		["replay", (api) => api.replay({ all: true }), "of replay"],
		["discard", (api) => api.discard({ all: true }), "of discard"],
		["health", (api) => api.health(), undefined],
		["an event of the workbench", (api) => api.send([{}]), undefined],
		["a fault", (api) => api.setFaults([]), undefined],
	])("carries its own key in a header and no other anywhere: %s", async (_, ask, key) => {
		const { api, keys, asked } = apiThatAnswers(() => Response.json({}));
		for (const name of KEY_NAMES) keys.set(name, `of ${name}`);
		await ask(api);
		const [{ path, init } = { path: "", init: undefined }] = asked;
		expect(init?.headers["x-functions-key"]).toBe(key);
		expect(path).not.toContain("of");
		expect(init).toMatchObject({ redirect: "error", cache: "no-store" });
	});

	it("is spelt so that a text stays one text", async () => {
		const { api, asked } = apiThatAnswers(() => Response.json({}));
		await api.receipts({ state: "dead", find: "a&limit=1", limit: 5 });
		await api.receipts({ state: "", find: "", limit: 5 });
		await api.receipts({ limit: 5, since: 0, until: 60_000, continue: "a+b" });
		await api.counts(0, 60_000);
		expect(asked.map(({ path }) => path)).toEqual([
			"/api/receipts?limit=5&state=dead&find=a%26limit%3D1",
			"/api/receipts?limit=5",
			"/api/receipts?limit=5&since=1970-01-01T00%3A00%3A00.000Z&until=1970-01-01T00%3A01%3A00.000Z&continue=a%2Bb",
			"/api/receipts/counts?since=1970-01-01T00%3A00%3A00.000Z&until=1970-01-01T00%3A01%3A00.000Z",
		]);
	});

	it("is answered by an unhealthy bridge, too", async () => {
		const { api } = apiThatAnswers(() => Response.json({ status: "unhealthy" }, { status: 503 }));
		expect(await api.health()).toEqual({ status: "unhealthy" });
	});

	it.each<[string, () => Response | Promise<Response>, object]>([
		[
			"that names what is wrong",
			() => Response.json({ error: "not so" }, { status: 400 }),
			{ message: "not so", status: 400 },
		],
		["without a body", () => new Response("", { status: 401 }), { message: "the bridge answered 401", status: 401 }],
		[
			"that is a page",
			() => new Response("<h1>", { status: 200 }),
			{ message: "the bridge answered 200", status: 200 },
		],
		[
			"that never comes",
			() => Promise.reject(new TypeError("Failed to fetch")),
			{ message: "the bridge does not answer" },
		],
		[
			"that is cut off",
			() => new Response(new ReadableStream({ pull: (body) => body.error(new TypeError("network error")) })),
			{ message: "the bridge does not answer" },
		],
		[
			"of a gateway, in JSON of its own",
			() => Response.json({ statusCode: 401, message: "Access denied", status: 401 }, { status: 401 }),
			{ message: "the bridge answered 401", status: 401 },
		],
	])("rejects with words for an answer %s", async (_, answer, error) => {
		const { api } = apiThatAnswers(answer);
		const reason: unknown = await api.health().catch((thrown: unknown) => thrown);
		expect(reason).toBeInstanceOf(ApiError);
		expect(reason).toMatchObject(error);
	});

	it.each<[string, (api: Api) => Promise<unknown>, string]>([
		["a question", (api) => api.receipts({ limit: 5 }), "the bridge did not answer within 0.02 s"],
		["a change", (api) => api.replay({ all: true }), "the bridge did not answer within 0.04 s"],
	])("is given up where the bridge never answers %s", async (_, ask, message) => {
		const never: Fetch = (_path, { signal }) =>
			new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
		const api = createApi(createKeyRing(tab()), never, { questionMs: 20, changeMs: 40 });
		const reason: unknown = await ask(api).catch((thrown: unknown) => thrown);
		expect(reason).toBeInstanceOf(ApiError);
		expect(reason).toMatchObject({ message, status: undefined });
	});

	it("is answered in full where each event of a request was refused", async () => {
		const events = [{ outcome: "rejected", reason: "no id" }];
		const { api } = apiThatAnswers(() => Response.json({ events }, { status: 400 }));
		expect(await api.send([{}])).toEqual({ events });
	});

	it("reaches the local host's own addresses", async () => {
		const { api, asked } = apiThatAnswers(() => Response.json([]));
		await Promise.all([api.local(), api.samples(), api.dispatchesOf("a b")]);
		expect(asked.map(({ path }) => path)).toEqual(["/_local", "/_local/samples", "/_local/dispatches?key=a+b"]);
	});
});
