import { describe, expect, it } from "@jest/globals";
import { ANSWER_BYTES } from "../../../src/config/bounded-fetch.ts";
import { createSend } from "../../../src/destinations/github/octokit.ts";

const API = "https://api.github.com";
const URL_OF_REQUEST = `${API}/repos/contoso/fraud-model/dispatches`;
const NEVER = new AbortController().signal;

/** A client whose `fetch` answers once as told, and what it was asked for. */
function client(answer: () => Response | Promise<Response>) {
	const requests: { url: string; init: RequestInit }[] = [];
	const fetch = async (url: string | URL | Request, init: RequestInit = {}) => {
		requests.push({ url: String(url), init });
		return answer();
	};
	const send = createSend({ apiUrl: API, userAgent: "grid-dispatch/1.2.3", fetch });
	const post = (url: string, body: string, token: string, signal: AbortSignal) =>
		send({ method: "POST", url, body, token }, signal);
	return { post, send, requests };
}

const noContent = () => new Response(null, { status: 204, headers: { "x-github-request-id": "1" } });

describe("one POST to GitHub", () => {
	it("sends the very bytes that it was given", async () => {
		const body = '{"event_type": "t",  "client_payload": {"text": "é 😀 \\u0000"}}';
		const { post, requests } = client(noContent);
		await post(URL_OF_REQUEST, body, "secret", NEVER);
		expect(requests).toHaveLength(1);
		expect(requests[0]).toMatchObject({ url: URL_OF_REQUEST, init: { method: "POST", body } });
	});

	it("introduces itself as GitHub wants it: version, media types, user agent and token", async () => {
		const { post, requests } = client(noContent);
		await post(URL_OF_REQUEST, "{}", "secret", NEVER);
		const headers = new Headers(requests[0]?.init.headers);
		expect(headers.get("authorization")).toBe("Bearer secret");
		expect(headers.get("accept")).toBe("application/vnd.github+json");
		expect(headers.get("content-type")).toMatch(/^application\/json/);
		expect(headers.get("x-github-api-version")).toBe("2022-11-28");
		expect(headers.get("user-agent")).toMatch(/^grid-dispatch\/1\.2\.3/);
	});

	it("hands on the signal, and leaves redirects to its caller", async () => {
		const { signal } = new AbortController();
		const { post, requests } = client(noContent);
		await post(URL_OF_REQUEST, "{}", "secret", signal);
		expect(requests[0]?.init.signal).toBe(signal);
		expect(requests[0]?.init.redirect).toBe("manual");
	});

	it.each([undefined, '"abc"'])("names the answer that is known, and only where one is: %j", async (etag) => {
		const { send, requests } = client(noContent);
		await send({ method: "GET", url: URL_OF_REQUEST, token: "t", ...(etag === undefined ? {} : { etag }) }, NEVER);
		const { headers, body } = requests[0]?.init ?? {};
		expect([new Headers(headers).get("if-none-match"), body]).toEqual([etag ?? null, undefined]);
	});

	it("reads of a long answer what a refusal needs, or all of it where the answer was asked for", async () => {
		const long = "x".repeat(ANSWER_BYTES + 1);
		const { send } = client(() => new Response(long, { headers: { "content-type": "text/plain" } }));
		const request = { method: "GET", url: URL_OF_REQUEST, token: "t" } as const;
		expect((await send(request, NEVER)).text).toBe(long.slice(1));
		expect((await send({ ...request, reads: true }, NEVER)).text).toBe(long);
	});

	it("gives back a success with its headers by lower-case name", async () => {
		const response = await client(noContent).post(URL_OF_REQUEST, "{}", "secret", NEVER);
		expect(response.status).toBe(204);
		expect(response.headers["x-github-request-id"]).toBe("1");
	});

	it.each([400, 401, 403, 404, 422, 429, 500, 503])("gives back a %d as an answer, not as an error", async (status) => {
		const { post, requests } = client(() =>
			Response.json({ message: "Words" }, { status, headers: { "Retry-After": "5" } }),
		);
		const response = await post(URL_OF_REQUEST, "{}", "secret", NEVER);
		expect(response).toMatchObject({ status, headers: { "retry-after": "5" }, text: '{"message":"Words"}' });
		expect(requests).toHaveLength(1);
	});

	it.each([301, 302, 307, 308])("gives back a %d with its location", async (status) => {
		const { post, requests } = client(
			() => new Response("{}", { status, headers: { location: "https://api.github.com/repositories/1/dispatches" } }),
		);
		await expect(post(URL_OF_REQUEST, "{}", "secret", NEVER)).resolves.toMatchObject({
			status,
			headers: { location: "https://api.github.com/repositories/1/dispatches" },
		});
		expect(requests).toHaveLength(1);
	});

	it("gives back an answer whose body is not JSON", async () => {
		const { post } = client(() => new Response("<html>", { status: 502, headers: { "content-type": "text/html" } }));
		await expect(post(URL_OF_REQUEST, "{}", "secret", NEVER)).resolves.toMatchObject({ status: 502, text: "<html>" });
	});

	it("throws only where no answer came, with the cause in words", async () => {
		const { post } = client(() => Promise.reject(new TypeError("fetch failed", { cause: new Error("ECONNRESET") })));
		await expect(post(URL_OF_REQUEST, "{}", "secret", NEVER)).rejects.toThrow("ECONNRESET");
	});

	it("posts to an address with a port as it stands", async () => {
		const { post, requests } = client(noContent);
		await post("http://127.0.0.1:7072/repos/contoso/.github/dispatches", "{}", "secret", NEVER);
		expect(requests[0]?.url).toBe("http://127.0.0.1:7072/repos/contoso/.github/dispatches");
	});
});
