import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { type GatheredEvent, summarise } from "../../src/coalesce/manifest.ts";

const event = (more: Partial<GatheredEvent> = {}): GatheredEvent => ({
	id: "1",
	type: "Microsoft.Storage.BlobCreated",
	source: "/subscriptions/s/storageAccounts/contoso",
	subject: "/blobServices/default/containers/in/blobs/a/1.csv",
	time: "2026-05-26T12:00:00Z",
	data: { contentLength: 10 },
	...more,
});
const lines = (...events: Partial<GatheredEvent>[]) => events.map((more) => JSON.stringify(event(more)));

describe("the summary of a window", () => {
	it("is that event itself where there is only one", () => {
		const { id, subject, time, source, type } = event();
		expect(summarise(lines({}))).toEqual({
			type,
			source,
			subject,
			time,
			data: { count: 1, firstTime: time, lastTime: time, totalBytes: 10, sample: [{ id, subject, time }] },
		});
	});

	it("has the first and the last time as moments, in the events' own spelling", () => {
		const times = ["2026-05-26T14:30:00+02:00", "2026-05-26T12:45:00Z", "2026-05-26T12:15:00.5Z"];
		expect(summarise(lines(...times.map((time) => ({ time }))))).toMatchObject({
			time: times[1],
			data: { firstTime: times[2], lastTime: times[1] },
		});
	});

	it("has the spelling of the first event where times are the same moment, and of the last where that is the last", () => {
		const [one, other] = ["2026-05-26T14:00:00+02:00", "2026-05-26T12:00:00Z"];
		expect(summarise(lines({ time: one }, { time: other }))).toMatchObject({
			time: other,
			data: { firstTime: one, lastTime: other },
		});
	});

	it.each([
		[40, `2026-05-26T12:00:00.${"1".repeat(19)}Z`, `2026-05-26T12:00:00.${"1".repeat(19)}Z`],
		[41, `2026-05-26T12:00:00.${"1".repeat(20)}Z`, "2026-05-26T12:00:00.111Z"],
	])("has a time in the event's own spelling up to 40 characters, of %d", (length, time, shown) => {
		expect(time).toHaveLength(length);
		expect(summarise(lines({ time })).data).toMatchObject({ firstTime: shown, lastTime: shown });
		expect(summarise(lines({ time })).time).toBe(shown);
	});

	it("has empty texts for what an event lacks, or has of another type", () => {
		const data = { firstTime: "", lastTime: "", totalBytes: 0, sample: [{ id: "", subject: "", time: "" }] };
		for (const line of ["{}", '{"id":1,"type":{},"source":[],"subject":null,"time":17,"data":"text"}'])
			expect(summarise([line])).toEqual({ type: "", source: "", subject: "", time: "", data: { ...data, count: 1 } });
	});

	it("has the first event's type, and what all sources and subjects begin with, empty ones as well", () => {
		const { type, source, subject } = event();
		expect(summarise(lines({}, { type: "Other", source: "/subscriptions/s", subject: "" }))).toMatchObject({
			type,
			source: "/subscriptions/s",
			subject: "",
		});
		expect(summarise(lines({}, { source: `${source}/more`, subject: `${subject}/more` }))).toMatchObject({
			source,
			subject,
		});
	});

	it("never ends a common beginning in the middle of a character", () => {
		expect(summarise(lines({ subject: "/a/😀" }, { subject: "/a/😁" })).subject).toBe("/a/");
		expect(summarise(lines({ subject: "/a/😀1" }, { subject: "/a/😀2" })).subject).toBe("/a/😀");
	});

	it("copes with events that have no time", () => {
		expect(summarise(lines({ time: "" }, {}, { time: "" })).data).toMatchObject({
			firstTime: "",
			lastTime: event().time,
		});
		expect(summarise(lines({ time: "" })).time).toBe("");
	});

	it("adds up the sizes that blobs' events tell, and nothing else", () => {
		const data = [
			{ contentLength: 5 },
			{ contentLength: "7" },
			{ contentLength: -3 },
			{},
			null,
			[1],
			"text",
			{ contentLength: 1.5e12 },
		];
		expect(summarise(lines(...data.map((each) => ({ data: each })))).data.totalBytes).toBe(1.5e12 + 5);
	});

	it("shows the first five, with their long texts cut", () => {
		const many = Array.from({ length: 7 }, (_, index) => ({ id: String(index), subject: "s".repeat(5_000) }));
		const { sample } = summarise(lines(...many)).data;
		expect(sample.map(({ id }) => id)).toEqual(["0", "1", "2", "3", "4"]);
		expect(sample[0]?.subject).toBe("s".repeat(1_000));
	});

	it("begins as all of its events' sources and subjects do, counts each of them, and is bounded by their times", () => {
		const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "é", "😀", "😁"), maxLength: 6 });
		const any = fc.record({
			subject: text.map((end) => `/blobs/${end}`),
			source: text,
			time: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString()),
			data: fc.record({ contentLength: fc.nat() }),
		});
		fc.assert(
			fc.property(fc.array(any, { minLength: 1, maxLength: 30 }), (events) => {
				const { source, subject, data, time } = summarise(lines(...events));
				for (const [common, texts] of [
					[source, events.map((each) => each.source)],
					[subject, events.map((each) => each.subject)],
				] as const) {
					expect(texts.every((each) => each.startsWith(common))).toBe(true);
					const [next = ""] = texts[0]?.slice(common.length) ?? "";
					const longer = common + next;
					expect(longer === common || !texts.every((each) => each.startsWith(longer))).toBe(true);
				}
				const times = events.map((each) => each.time).sort();
				expect(data).toMatchObject({ count: events.length, firstTime: times[0], lastTime: times.at(-1) });
				expect(time).toBe(times.at(-1));
				expect(data.totalBytes).toBe(events.reduce((sum, each) => sum + each.data.contentLength, 0));
			}),
		);
	});
});
