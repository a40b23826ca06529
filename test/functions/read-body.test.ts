import { describe, expect, it } from "@jest/globals";
import { writeJson } from "../../src/event/json.ts";
import { MAX_BODY_BYTES, MAX_ELEMENTS, readBody } from "../../src/functions/webhook.ts";

const read = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
	readBody(new Request("http://127.0.0.1/api/events", { method: "POST", body, headers }));

async function elementsOf(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
	const answer = await read(body, headers);
	if (!answer.ok) throw new Error(answer.error);
	return answer.elements;
}

describe("the body of a request", () => {
	it("is read with every digit of its numbers", async () => {
		const body = '[{"a":9007199254740993},{"b":1.0}]';
		expect(writeJson(await elementsOf(body))).toBe(body);
		expect(writeJson(await elementsOf('{"a":1e400}'))).toBe('[{"a":1e400}]');
	});

	it("may begin with a byte-order mark", async () => {
		expect(await elementsOf(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('[{"a":1}]')]))).toEqual([
			{ a: 1 },
		]);
	});

	it.each([
		["ED A0 BD", [0xed, 0xa0, 0xbd], "\uFFFD\uFFFD\uFFFD"],
		["E9", [0xe9], "\uFFFD"],
		["C3, which begins a character, before the quote", [0xc3], "\uFFFD"],
		["FF", [0xff], "\uFFFD"],
	])(
		"with the bytes %s in one element has them as U+FFFD there, and the others as they are",
		async (_, bytes, text) => {
			const body = Buffer.concat([
				Buffer.from('[{"s":"é"},{"s":"a'),
				Buffer.from(bytes),
				Buffer.from('"},{"s":"😀"}]'),
			]);
			expect(await elementsOf(body)).toEqual([{ s: "é" }, { s: `a${text}` }, { s: "😀" }]);
		},
	);

	it.each([
		["hello", 0],
		['{"id": ', 7],
		['[{"id":1},{"id":2},]', 19],
		["\uFEFF[1 2]", 3],
	])("that is not JSON is refused at the position where it breaks: %j", async (body, position) => {
		expect(await read(body)).toEqual({
			ok: false,
			status: 400,
			error: expect.stringMatching(new RegExp(`^the body is not JSON: .* at position ${position}$`)),
		});
	});

	it("that is empty is refused for that", async () => {
		expect(await read("")).toMatchObject({ status: 400, error: expect.stringContaining("the body is empty") });
	});

	it.each([
		["5", 400, "the body must be one event or an array of events, as JSON"],
		["[]", 400, "the array contains no event"],
		[`[${"0,".repeat(MAX_ELEMENTS)}0]`, 413, "the array contains 5001 events; one request may contain at most 5000"],
	])("that is JSON, and yet no delivery, is refused with the reason", async (body, status, error) => {
		expect(await read(body)).toEqual({ ok: false, status, error });
	});

	it("that breaks off is an error of the reading, and no fault of the sender", async () => {
		const arrayBuffer = () => Promise.reject(new Error("the connection is gone"));
		await expect(readBody({ headers: new Headers(), arrayBuffer })).rejects.toThrow("the connection is gone");
	});

	it.each([
		[' {"a": 1} ', ['{"a": 1}']],
		['\uFEFF[ {"a": "[,]"} , 1.0 ]', ['{"a": "[,]"}', "1.0"]],
	])("tells the text of each element as it arrived, and of all together: %j", async (body, texts) => {
		const answer = await read(body);
		if (!answer.ok) throw new Error(answer.error);
		expect(answer.elements.map((element) => answer.textOf?.(element))).toEqual(texts);
		expect(answer.textOf?.(answer.elements)).toBe(body.trim());
	});

	it("that comes in chunks, and so is dropped by the host, is refused with a status that Event Grid repeats", async () => {
		for (const headers of [{}, { "ce-specversion": "1.0", "ce-id": "1" }]) {
			expect(await read("", { ...headers, "transfer-encoding": "Chunked" })).toMatchObject({
				status: 503,
				error: expect.stringMatching(/transfer-encoding: chunked.*content-length/),
			});
		}
		expect(await elementsOf("{}", { "transfer-encoding": "chunked" })).toEqual([{}]);
	});

	it("may hold as many elements as Event Grid sends, and no more", async () => {
		const zeros = (count: number) => `[${Array(count).fill("0").join(",")}]`;
		expect(await elementsOf(zeros(MAX_ELEMENTS))).toHaveLength(5_000);
		const answer = await read(zeros(200_000));
		expect(answer).toMatchObject({ ok: false, status: 413 });
		expect(JSON.stringify(answer).length).toBeLessThan(200);
	});

	it("may have 4 MiB, and no more, whether the length is announced or not", async () => {
		const filled = (bytes: number) => `{"a":"${"x".repeat(bytes - 8)}"}`;
		expect(await elementsOf(filled(MAX_BODY_BYTES))).toHaveLength(1);
		expect(await read(filled(MAX_BODY_BYTES + 1))).toMatchObject({ ok: false, status: 413 });
		expect(await elementsOf("{}", { "content-length": String(MAX_BODY_BYTES) })).toEqual([{}]);
		expect(await read("{}", { "content-length": String(MAX_BODY_BYTES + 1) })).toMatchObject({
			ok: false,
			status: 413,
		});
	});
});

describe("a CloudEvent in binary mode", () => {
	const attributes = {
		"ce-specversion": "1.0",
		"ce-id": "e-1",
		"ce-source": "/contoso/app",
		"ce-type": "Contoso.Thing",
		"ce-time": "2026-03-14T08:20:00Z",
		"ce-subject": "a%20b",
		"ce-correlationid": "abc",
	};
	const envelope = {
		specversion: "1.0",
		id: "e-1",
		source: "/contoso/app",
		type: "Contoso.Thing",
		time: "2026-03-14T08:20:00Z",
		subject: "a b",
		correlationid: "abc",
	};

	it.each([
		"application/json",
		"application/json; charset=utf-8",
		"application/json ; charset=utf-8",
		"text/json",
		"application/vnd.contoso+json",
	])("has the JSON of %s for data, with every digit", async (contentType) => {
		const elements = await elementsOf('{"a":9007199254740993}', { ...attributes, "content-type": contentType });
		expect(elements).toEqual([{ ...envelope, datacontenttype: contentType, data: expect.anything() }]);
		expect(writeJson(elements)).toContain('"data":{"a":9007199254740993}');
	});

	it.each([
		["a value that is no object", "application/json", "5", { data: 5 }],
		["JSON behind a byte-order mark", "application/json", "\uFEFF[1]", { data: [1] }],
		["what is called JSON and is none", "application/json", "{oops", { data: "{oops" }],
		["text", "text/plain", "héllo", { data: "héllo" }],
		["XML", "application/xml", "<a/>", { data: "<a/>" }],
		["text that speaks of JSON", "text/plain; of=application/json", "[1]", { data: "[1]" }],
		["text that speaks of CloudEvents", "text/plain; of=application/cloudevents", "[1]", { data: "[1]" }],
		["bytes", "application/octet-stream", Buffer.from([0xff, 0x00]), { data_base64: "/wA=" }],
	])("has %s for data", async (_, contentType, body, data) => {
		expect(await elementsOf(body, { ...attributes, "content-type": contentType })).toEqual([
			{ ...envelope, datacontenttype: contentType, ...data },
		]);
	});

	it("may have data without a content type", async () => {
		expect(await elementsOf(Buffer.from("5"), attributes)).toEqual([{ ...envelope, data: "5" }]);
	});

	it("may have no data", async () => {
		expect(await elementsOf(new Uint8Array(), attributes)).toEqual([envelope]);
	});

	it.each([
		["Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"],
		["%2525", "%25"],
		["100%", "100%"],
		["%zz%E9x", "%zz\uFFFDx"],
		['"a \\"b\\" c"', 'a "b" c'],
		['a "b"', 'a "b"'],
		['"a" b', '"a" b'],
		["\u00e2\u0082\u00ac", "€"],
	])("has the header %j for %j", async (header, value) => {
		expect(await elementsOf(new Uint8Array(), { ...attributes, "ce-subject": header })).toEqual([
			{ ...envelope, subject: value },
		]);
	});

	it("is one even without a version, so that what is wrong with it can be said, and kept", async () => {
		const { "ce-specversion": _, ...rest } = attributes;
		const { specversion: __, ...without } = envelope;
		expect(await elementsOf('{"a":1}', { ...rest, "content-type": "application/json" })).toEqual([
			{ ...without, datacontenttype: "application/json", data: { a: 1 } },
		]);
	});

	it("is none where the content type says that the body holds the attributes", async () => {
		const body = JSON.stringify({ ...envelope, id: "other" });
		for (const type of ["application/cloudevents+json", "Application/CloudEvents-Batch+JSON; charset=utf-8"]) {
			expect(await elementsOf(body, { ...attributes, "content-type": type })).toEqual([{ ...envelope, id: "other" }]);
		}
	});
});
