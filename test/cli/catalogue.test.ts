import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { createCatalogue, findType, shortName, varyExample } from "../../src/cli/catalogue/catalogue.ts";
import { inEnvelope, type SampleEvent, SCHEMAS, schemaOf } from "../../src/cli/catalogue/envelope.ts";
import { createWorld } from "../../src/cli/catalogue/world.ts";
import { CliError } from "../../src/cli/cli-error.ts";
import { eventType, TYPE_NAMES } from "../../src/cli/event-types.ts";
import { KNOWN_EVENT_TYPES, readEvent } from "../../src/event/read-event.ts";
import { toDispatchType } from "../../src/route/route.ts";
import { EXAMPLE_EVENTS } from "../../support/example-events.ts";

const NOW = Date.parse("2026-03-14T08:15:30Z");
const anySeed = fc.integer({ min: 0, max: 2 ** 32 - 1 });

/** So many events of a type. */
function made(type: string, count = 40, seed = 7): readonly (SampleEvent & { data: Record<string, string> })[] {
	const catalogue = createCatalogue(seed, () => NOW);
	return Array.from({ length: count }, () => catalogue.next(findType(type)) as never);
}

describe("the catalogue of events", () => {
	it("has every known type, and no other", () => {
		expect(TYPE_NAMES).toEqual([...KNOWN_EVENT_TYPES].sort());
	});

	it.each(TYPE_NAMES.flatMap((type) => SCHEMAS.map((schema) => [type, schema] as const)))(
		"makes a valid %s in the envelope of %s, from any seed",
		(type, schema) => {
			fc.assert(
				fc.property(anySeed, fc.integer({ min: 1, max: 5 }), (seed, count) => {
					const catalogue = createCatalogue(seed, () => NOW);
					const events = Array.from({ length: count }, () => catalogue.next(type));
					for (const event of events) {
						const element = inEnvelope(event, schema);
						expect(schemaOf(element)).toBe(schema);
						const { id, source, subject, time, data } = event;
						// As it comes out of a request.
						expect(readEvent(JSON.parse(JSON.stringify(element)))).toMatchObject({
							ok: true,
							event: { id, type, source, subject, time, data },
						});
					}
					expect(new Set(events.map(({ id }) => id)).size).toBe(count);
				}),
				{ numRuns: 25 },
			);
		},
	);

	it.each(EXAMPLE_EVENTS.map((example) => [example.type, example] as const))(
		"gives %s the members of the schema's own example, and a subject that begins like it",
		(type, example) => {
			const members = new Set(made(type).flatMap(({ data }) => Object.keys(data)));
			for (const member of Object.keys(example.data)) expect(members).toContain(member);
			for (const { subject, source } of made(type)) {
				expect(eventType(type)?.subjectStarts.some((start) => subject.startsWith(start))).toBe(true);
				expect(source).toBe(example.source);
			}
		},
	);

	it("makes the same events of the same seed, and others of another one", () => {
		for (const type of TYPE_NAMES) {
			expect(made(type, 3, 11)).toEqual(made(type, 3, 11));
			expect(made(type, 3, 11)).not.toEqual(made(type, 3, 12));
		}
	});

	it("names the run of an event in its subject", () => {
		for (const type of ["RunCompleted", "RunStatusChanged"]) {
			for (const { subject, data } of made(type)) {
				expect(subject).toBe(`experiments/${data["experimentId"]}/runs/${data["runId"]}`);
			}
		}
		for (const { subject, data } of made("DatasetDriftDetected")) {
			expect(subject).toBe(`datadrift/${data["dataDriftId"]}/run/${data["runId"]}`);
		}
	});

	it("gives an experiment one id, and its runs different ones", () => {
		const runs = made("RunCompleted");
		const ids = new Map(runs.map(({ data }) => [data["experimentName"], data["experimentId"]]));
		for (const { data } of runs) expect(data["experimentId"]).toBe(ids.get(data["experimentName"]));
		expect(new Set(runs.map(({ data }) => data["runId"])).size).toBe(runs.length);
	});

	it("counts the versions of a model up, and names them in the subject", () => {
		const versions = new Map<string, number>();
		for (const { subject, data } of made("ModelRegistered")) {
			const { modelName = "", modelVersion = "" } = data;
			expect(subject).toBe(`models/${modelName}:${modelVersion}`);
			expect(Number(modelVersion)).toBe((versions.get(modelName) ?? 0) + 1);
			versions.set(modelName, Number(modelVersion));
		}
	});

	it.each(["BlobCreated", "BlobDeleted", "BlobTierChanged", "AsyncOperationInitiated", "DirectoryCreated"])(
		"lets the address and the subject of %s mean the same place",
		(type) => {
			for (const { subject, data } of made(type)) {
				const [, container = "", path = ""] =
					/^\/blobServices\/default\/containers\/([^/]+)\/blobs\/(.+)$/.exec(subject) ?? [];
				expect(new URL(data["url"] ?? "").pathname).toBe(`/${container}/${path}`);
			}
		},
	);

	it("names the new place in the subject of a rename", () => {
		for (const { subject, data } of [...made("BlobRenamed"), ...made("DirectoryRenamed")]) {
			const path = new URL(data["destinationUrl"] ?? "").pathname;
			expect(subject.replace("/blobServices/default/containers", "").replace("/blobs/", "/")).toBe(path);
			expect(data["sourceUrl"]).not.toBe(data["destinationUrl"]);
		}
	});

	it("lets the sequencer grow, as strings are compared", () => {
		const catalogue = createCatalogue(3, () => NOW);
		const types = TYPE_NAMES.filter((type) => "sequencer" in catalogue.next(type).data);
		expect(types.length).toBe(8);
		const sequencers = [...types, ...types].map((type) => String(catalogue.next(type).data["sequencer"]));
		expect(sequencers).toEqual([...sequencers].sort());
		expect(new Set(sequencers).size).toBe(sequencers.length);
		for (const sequencer of sequencers) expect(sequencer).toMatch(/^[0-9A-F]{48}$/);
	});

	it("writes through Data Lake with the host of Data Lake, and completes the upload", () => {
		const created = made("BlobCreated", 200);
		for (const { data } of created) expect(/\.dfs\./.test(data["url"] ?? "")).toBe(data["api"] === "FlushWithClose");
		expect(new Set(created.map(({ data }) => data["api"])).size).toBe(4);
	});
});

describe("an event that is made from an example", () => {
	const example: SampleEvent = {
		...{ id: "1", type: "Contoso.Batch.Done", source: "/contoso", time: "2026-01-01T00:00:00Z" },
		subject: "batches/0a7d2b5e-6c31-4f8a-b9d4-1e57c3f20a86/signs.tar.gz",
		data: {
			batch: "0a7d2b5e-6c31-4f8a-b9d4-1e57c3f20a86",
			files: ["https://contoso.example/signs.tar.gz", "signs.tar.gz.txt", 7, null],
			due: "2025-12-31T23:00:00Z",
			note: "$& of 2025-12-31T23:00:00Z",
		},
	};
	const world = createWorld(3, () => NOW);

	it("has the same new id in the same places, a number in the name, and times as far from the present", () => {
		const { subject, data } = varyExample(example, world);
		expect(data["batch"]).not.toBe(example.data["batch"]);
		expect(subject).toBe(`batches/${data["batch"]}/signs.tar-00001.gz`);
		expect(data["files"]).toEqual(["https://contoso.example/signs.tar-00001.gz", "signs.tar.gz.txt", 7, null]);
		expect(Date.parse(String(data["due"]))).toBe(NOW - 3_600_000);
		expect(data["note"]).toBe(example.data["note"]);
		expect(varyExample(example, world).subject).toMatch(/signs\.tar-00002\.gz$/);
	});

	it("keeps a subject whose end its data does not name", () => {
		const { subject } = varyExample({ ...example, subject: "reports/summary" }, world);
		expect(subject).toBe("reports/summary");
		expect(varyExample({ ...example, subject: "" }, world).subject).toBe("");
	});
});

describe("the names of types", () => {
	it.each(TYPE_NAMES)("finds %s by its full name, its dispatch type and its last part, in any case", (type) => {
		for (const name of [type, toDispatchType(type), shortName(type)]) {
			expect(findType(name)).toBe(type);
			expect(findType(name.toUpperCase())).toBe(type);
		}
	});

	it.each([
		["BlobCreatd", "BlobCreated"],
		["RunComplete", "RunCompleted"],
		["Microsoft.Storage.BlobCreate", "BlobCreated"],
		["machinelearningservices-modelregisterd", "ModelRegistered"],
	])("knows what %s was to be", (text, meant) => {
		expect(() => findType(text)).toThrow(`did you mean ${meant}?`);
	});

	it("lists all where nothing is near, and says what to do about other types", () => {
		expect(() => findType("Contoso.Orders.Placed")).toThrow(/the known types are DatasetDriftDetected, .* --file/);
		expect(() => findType("")).toThrow(CliError);
	});
});
