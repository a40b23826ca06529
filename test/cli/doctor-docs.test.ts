import { describe, expect, it } from "@jest/globals";
import { doctorCommand } from "../../src/cli/commands/doctor.ts";
import { checksOf, type Link, type Verdict } from "../../src/cli/doctor/check.ts";
import { readRepositories } from "../../src/local/stand-in/repository.ts";
import { codesIn, readText, tableOf } from "../docs/read-docs.ts";

/** Every link and every verdict; the type says whether one is missing. */
const LINKS: Readonly<Record<Link, true>> = {
	bridge: true,
	settings: true,
	storage: true,
	"event grid": true,
	handshake: true,
	routes: true,
	GitHub: true,
	token: true,
	repository: true,
	actions: true,
	workflows: true,
	runs: true,
	pipelines: true,
	clock: true,
};
const VERDICTS = { ok: true, warning: true, error: true, "cannot tell": true } as const satisfies Record<Verdict, true>;

describe("the page about doctor", () => {
	it("names every link, in the order of the chain, and every verdict", () => {
		expect(tableOf("docs/doctor.md", "Link").map(([link]) => link)).toEqual(Object.keys(LINKS));
		expect(tableOf("docs/doctor.md", "Verdict").map(([verdict]) => verdict)).toEqual(Object.keys(VERDICTS));
	});

	it("names every flag that tells what to look at, and no other", () => {
		const io = { stdout: { write: () => {} }, stderr: { write: () => {} }, env: {}, fetch, now: () => 0 };
		const flags = doctorCommand(io).options.map(({ long }) => long);
		const named = tableOf("docs/doctor.md", "Flag").flatMap(([flag = ""]) => codesIn(flag));
		expect([...named, "--json"].sort()).toEqual([...flags].sort());
	});

	it("names the members of a verdict that is printed as JSON", () => {
		const members = Object.keys(checksOf("token").ok("x"));
		for (const member of members) expect(readText("docs/doctor.md")).toContain(`\`${member}\``);
	});
});

describe("the page about running it locally", () => {
	it("names every member of a repository that the stand-in shows, and no other", () => {
		const named = tableOf("docs/local.md", "Member").flatMap(([member = ""]) => codesIn(member));
		const known = messageOf(() => readRepositories({ none: 1 }))
			.split("the possible keys are ")[1]
			?.split(", ");
		expect(named.sort()).toEqual(known?.sort());
	});
});

function messageOf(fail: () => unknown): string {
	try {
		fail();
		return "";
	} catch (error) {
		return (error as Error).message;
	}
}
