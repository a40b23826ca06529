/** Which files a room has, and which tests decide about their mutants: below `test/`. */
export interface Room {
	readonly files: readonly string[];
	readonly tests: readonly string[];
	/** The tests need what Azurite alone does; otherwise storage is in memory. */
	readonly azurite?: true;
}

const GENERATED = "!src/**/*.d.ts";
/** What runs the ledger, the windows and deliveries from end to end. */
const LANES = [
	"accept/*.test.ts",
	"coalesce/*.test.ts",
	"deliver/*.test.ts",
	"ledger/*.test.ts",
	"operate/*.test.ts",
	"storage/row-body.test.ts",
	"bridge.test.ts",
];

const of = (room: string, ...tests: readonly string[]): Room => ({
	files: [`src/${room}/**/*.ts`, GENERATED],
	tests: tests.length === 0 ? [`${room}/**/*.test.ts`] : tests,
});

/** By the name of the folder below src/. */
export const ROOMS: Readonly<Record<string, Room>> = {
	event: of("event"),
	route: of("route"),
	// What GitHub publishes of its interface takes seconds to load.
	destinations: of("destinations", "destinations/**/!(github-openapi).test.ts"),
	accept: of("accept", ...LANES),
	coalesce: of("coalesce", ...LANES),
	deliver: of("deliver", ...LANES),
	ledger: of("ledger", ...LANES),
	operate: of("operate", ...LANES),
	functions: of("functions", "functions/*.test.ts"),
	config: of("config", "config/{config,secrets,storage-config}.test.ts"),
	storage: { ...of("storage"), azurite: true },
	log: { files: ["src/log.ts"], tests: ["{log,clip-text,plain}.test.ts"] },
	bridge: { files: ["src/{bridge,index}.ts"], tests: ["{bridge,open-bridge}.test.ts", "functions/*.test.ts"] },
};
