import { describe, expect, it } from "@jest/globals";
import { readable } from "../../src/local/print-line.ts";

/** A wide line as a person reads it, single spaces for the columns. */
function read(line: object, level = "info"): string | undefined {
	return readable(level, JSON.stringify(line))?.replaceAll(/ +/g, " ");
}

const ACCEPT = {
	stage: "accept",
	outcome: "dispatched",
	id: "event-1",
	type: "Microsoft.Storage.BlobCreated",
	subject: "/blobServices/default/containers/a/blobs/b",
	route: "retrain",
	key: "0123",
	reason: null,
	ms: 12,
};

describe("a line of the bridge, for a person", () => {
	it("tells an event's end, type, subject and route", () => {
		expect(read(ACCEPT)).toBe(
			'event dispatched Microsoft.Storage.BlobCreated /blobServices/default/containers/a/blobs/b route "retrain"',
		);
	});

	it("tells why an event went another way, with its id", () => {
		const line = read({ ...ACCEPT, outcome: "ignored", route: null, reason: "no route takes it" });
		expect(line).toMatch(/^event ignored .*blobs\/b event-1: no route takes it$/);
	});

	it("tells what it knows of an element that is no event", () => {
		const facts = { stage: "accept", outcome: "rejected", id: null, route: null, reason: "not an event" };
		expect(read(facts, "error")).toBe("event rejected not an event");
	});

	it("leaves out a subject that is empty", () => {
		expect(read({ ...ACCEPT, subject: "", route: null })).toBe("event dispatched Microsoft.Storage.BlobCreated");
	});

	it("tells a dispatch's answer, destination, size and time", () => {
		const facts = { stage: "dispatch", classification: "dispatched", status: 204, bytes: 718, ms: 31 };
		expect(read({ ...facts, destination: "contoso/fraud-model#storage-blobcreated" })).toBe(
			"dispatch 204 contoso/fraud-model storage-blobcreated 718 bytes, 31 ms",
		);
	});

	it("tells what a dispatch without an answer means", () => {
		const facts = { stage: "dispatch", classification: "trouble", bytes: 718, ms: 31 };
		expect(read({ ...facts, destination: "contoso/fraud-model#a" })).toMatch(/^dispatch trouble /);
	});

	it.each(["handshake", "receive"])("tells a %s's status, and the reason where it was refused", (stage) => {
		expect(read({ stage, status: 200, reason: null })).toBe(`${stage} 200`);
		expect(read({ stage, status: 403, reason: "the topic is not there" })).toBe(`${stage} 403 the topic is not there`);
	});

	it.each([
		[
			{ stage: "lane", lane: "default", change: "paused", until: "2026-03-14T08:15:30.000Z", reason: "slower" },
			"lane paused default until 08:15:30 UTC slower",
		],
		[
			{ stage: "lane", lane: "default", change: "parked", target: "a/b", probeAt: "2026-03-14T08:18:00.000Z" },
			"lane parked a/b until 08:18:00 UTC",
		],
		[
			{ stage: "lane", lane: "default", change: "opened", waiting: 312, reason: "401" },
			"lane opened default 312 waiting 401",
		],
		[{ stage: "window", count: 10_000, key: "0123" }, "window closed 10000 events 0123"],
		[{ stage: "dead-letter", change: "replayed", key: "0123", reason: null }, "dead replayed 0123"],
		[{ stage: "token", lane: "default", reason: "it ends in 3 days" }, "token info default it ends in 3 days"],
		[{ stage: "maintenance", removed: 7, complete: "true" }, "maintenance done 7 receipts removed"],
	])("tells of %j in a line", (line, words) => {
		expect(read(line)).toBe(words);
	});

	it("lines up in columns", () => {
		const [event, dispatch] = [ACCEPT, { stage: "dispatch", status: 204 }].map((line) =>
			readable("info", JSON.stringify(line)),
		);
		expect(event?.indexOf("dispatched")).toBe(dispatch?.indexOf("204"));
	});

	it("says nothing about a stage that it does not know", () => {
		expect(read({ stage: "measure", ms: 1 })).toBeUndefined();
	});

	it.each(["plain words", "{cut off", '{"no":"stage"}', "null", "7", '"text"'])(
		"hands on with its level what is no such line: %s",
		(message) => {
			expect(readable("warn", message)).toBe(`warn      ${message}`);
		},
	);

	const hostile = "a\u001b]8;;https://page.example\u0007b\u001b[2J\r\n\u009b1A\u202e\u2028c";
	const lines = [
		"accept",
		"dispatch",
		"lane",
		"window",
		"dead-letter",
		"wake-up",
		"token",
		"maintenance",
		"handshake",
	].map((stage) => ({
		...Object.fromEntries(
			"outcome id type subject route reason status classification destination target bytes ms change lane until probeAt waiting count key removed"
				.split(" ")
				.map((fact) => [fact, hostile]),
		),
		stage,
	}));
	it.each(lines)("stays on one line and does nothing to the terminal, whatever its facts hold: $stage", (line) => {
		const text = readable(hostile, JSON.stringify(line)) ?? "";
		expect(text).toContain("\\u{1b}");
		expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
		expect(readable(hostile, hostile)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
	});
});
