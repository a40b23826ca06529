// @ts-check
/**
 * A stand-in for the Azure CLI that keeps what it has made, and refuses what Azure would refuse: a command whose token
 * cannot be had any more, a missing provider or role, a name that is not there. Its clock is a number in its state, and
 * every command takes as long as it would, so that tests see the login end without waiting.
 *
 * State and calls lie in AZ_FOLDER: `azure.json` and `calls`. Message texts are those of Azure's public issues.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "./commands.mjs";
import { AzError, login, readArguments, select } from "./surface.mjs";

const folder = process.env["AZ_FOLDER"] ?? ".";
const file = join(folder, "azure.json");
const words = process.argv.slice(2);
appendFileSync(join(folder, "calls"), `${process.env["DISPATCH_TOKEN"] ?? ""}\t${words.join(" ")}\n`);

/** @type {import("./surface.mjs").Azure} */
const azure = JSON.parse(readFileSync(file, "utf8"));
try {
	const { names, options } = readArguments(words);
	const name = names.join(" ");
	const command = commands[name];
	if (name === "login") login(azure);
	else if (command === undefined) throw new AzError(2, `'${name}' is misspelled or not recognized by the system.`);
	else {
		const broken = azure.broken[name];
		if (broken !== undefined) {
			if (broken.times === 1) delete azure.broken[name];
			else broken.times = (broken.times ?? 1) - 1;
			if (broken.takes !== undefined) azure.clock += broken.takes;
			if (broken.does !== undefined) command(azure, options);
			if (broken.prints !== undefined) process.stdout.write(broken.prints);
			if (broken.status !== 0) throw new AzError(broken.status, broken.message ?? "");
		} else {
			const answer = select(command(azure, options), options["query"]);
			if (options["output"] === "tsv") process.stdout.write(answer === null ? "" : `${[answer].flat().join("\n")}\n`);
			else if (options["output"] !== "none" && answer !== null)
				process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
		}
	}
} catch (error) {
	if (!(error instanceof AzError)) throw error;
	process.stderr.write(error.message === "" ? "" : `ERROR: ${error.message}\n`);
	process.exitCode = error.status;
} finally {
	writeFileSync(file, JSON.stringify(azure, null, "\t"));
}
