/** Which files a room has, and which tests decide about their mutants: below `test/`. */
export interface Room {
	readonly files: readonly string[];
	readonly tests: readonly string[];
	/** The tests need what Azurite alone does; otherwise storage is in memory. */
	readonly azurite?: true;
}

/** Words of the titles of tests that wait, measure, take seconds, load modules anew, or need an Azurite of their own. */
export const LEFT_OUT: readonly string[] = [
	"keeps its lease while it is written, so that no other drainer sends the same again",
	"has few of its bytes in memory at any time",
	"refuse a continue that was cut, made up, or belongs to another question",
	"arrive as they came where data goes by reference: in the blob, and beside the reference",
	"have reasons that make no answer large",
	"is under 64 KB whatever is gathered",
	"gets no connection",
	"loses the answer",
	"delivers what GitHub could not take at first",
	"is accepted after any call",
	"leaves what a delivery has no time for",
	"a file of the bundle that could not be read once",
	"makes every queue that a trigger listens to",
	"leaves nothing in its lane without a wake-up, whichever call is its last",
];

const GENERATED = "!src/**/*.d.ts";
const of = (room: string, ...tests: readonly string[]): Room => ({
	files: [`src/${room}/**/*.ts`, GENERATED],
	tests: tests.length === 0 ? [`${room}/**/*.test.ts`] : tests,
});

/** By the name of the folder below src/. */
export const ROOMS: Readonly<Record<string, Room>> = {
	event: of("event", "event/!(published-samples).test.ts"),
	route: of("route"),
	// What GitHub publishes of its interface takes seconds to load.
	destinations: of(
		"destinations",
		"destinations/*.test.ts",
		"destinations/azure-devops/*.test.ts",
		"destinations/github/!(github-openapi).test.ts",
		// What a service reads of its settings.
		"config/config.test.ts",
	),
	accept: of("accept", "accept/*.test.ts", "bridge.test.ts"),
	coalesce: of("coalesce", "coalesce/*.test.ts"),
	deliver: of("deliver", "deliver/!(uncertain-answers).test.ts", "coalesce/windows*.test.ts"),
	ledger: of(
		"ledger",
		"ledger/*.test.ts",
		"storage/rows.test.ts",
		"deliver/drain.test.ts",
		"deliver/containment.test.ts",
		"coalesce/windows.test.ts",
		"operate/!(replay).test.ts",
	),
	// What Event Grid has given up lies in containers of its own.
	replay: { files: ["src/operate/replay.ts"], tests: ["operate/replay*.test.ts"], azurite: true },
	operate: {
		files: ["src/operate/!(replay).ts"],
		tests: ["operate/!(replay).test.ts"],
	},
	functions: { ...of("functions"), azurite: true },
	follow: of("follow", "follow/!(storm).test.ts"),
	config: of("config", "config/!(key-vault|once).test.ts"),
	storage: { ...of("storage", "storage/!(open-storage).test.ts"), azurite: true },
	log: { files: ["src/log.ts"], tests: ["log.test.ts", "clip-text.test.ts", "plain.test.ts"] },
	bridge: {
		files: ["src/{bridge,index}.ts"],
		tests: ["bridge.test.ts", "bridge-settings.test.ts", "functions/!(follow|poison|queues).test.ts"],
	},
};

/** Those that run over storage in memory. */
export const ALL_TESTS: readonly string[] = Object.values(ROOMS)
	.filter(({ azurite }) => azurite !== true)
	.flatMap(({ tests }) => tests);
