import { plain } from "../../log.ts";
import type { Io } from "../io.ts";
import type { Finding } from "./finding.ts";
import { counted, painter } from "./paint.ts";

export function printFindings(io: Io, name: string, findings: readonly Finding[]): void {
	const paint = painter(io);
	for (const { verdict, route, path, problem, repair } of findings) {
		const place = [route === null ? "" : `"${route}"`, path].filter((text) => text !== "").join("  ");
		io.stdout.write(`${paint(verdict, verdict.padEnd(8))} ${place === "" ? "the table" : plain(place)}\n`);
		io.stdout.write(`         ${plain(problem)}\n         repair: ${plain(repair)}\n`);
	}
	io.stdout.write(`${findings.length > 0 ? "\n" : ""}${plain(name)}: ${summaryOf(findings)}\n`);
}

export function summaryOf(findings: readonly Finding[]): string {
	const count = (verdict: Finding["verdict"]) => findings.filter((finding) => finding.verdict === verdict).length;
	const parts = (["error", "warning"] as const).filter((verdict) => count(verdict) > 0);
	return parts.length === 0 ? "nothing to repair" : parts.map((verdict) => counted(count(verdict), verdict)).join(", ");
}
