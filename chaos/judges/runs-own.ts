import type { Finding } from "../evidence.ts";
import type { Dossier } from "./dossier.ts";

export interface RunsOwn {
	readonly findings: readonly Finding[];
	/** The receipts that show a run for certain. */
	readonly known: number;
}

/** A run that a receipt shows for certain was started by that delivery. */
export function runsOwn({ receipts, runs }: Dossier): RunsOwn {
	const findings = receipts.flatMap((receipt) =>
		receipt.runs
			.filter((id) => runs.get(id) !== receipt.key)
			.map((id) => ({ rule: "a receipt shows its own run", what: `${receipt.key} shows ${id} of ${runs.get(id)}` })),
	);
	return { findings, known: receipts.filter((receipt) => receipt.runs.length > 0).length };
}
