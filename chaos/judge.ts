import type { Evidence, Finding } from "./evidence.ts";
import { asSent } from "./judges/as-sent.ts";
import { claimsTrue } from "./judges/claims-true.ts";
import { type Deliveries, deliveriesEnded } from "./judges/deliveries.ts";
import { openDossier } from "./judges/dossier.ts";
import { type Duplicates, duplicates } from "./judges/duplicates.ts";
import { type Gathered, gatheredWhole } from "./judges/gathered-whole.ts";
import { type PaceKept, paceKept } from "./judges/pace-kept.ts";
import { type RunsOwn, runsOwn } from "./judges/runs-own.ts";

/** What the judges say of a storm. */
export interface Judgement {
	/** Empty where all is well. */
	readonly findings: readonly Finding[];
	readonly deliveries: Deliveries;
	readonly gathered: Gathered;
	readonly duplicates: Duplicates;
	readonly pace: PaceKept;
	readonly runs: RunsOwn;
}

/** Compares a storm's evidence with all that the bridge has to do. */
export async function judge(evidence: Evidence): Promise<Judgement> {
	const dossier = await openDossier(evidence);
	const deliveries = deliveriesEnded(dossier);
	const gathered = await gatheredWhole(dossier);
	const repeats = duplicates(dossier);
	const pace = paceKept(dossier);
	const runs = runsOwn(dossier);
	const differing = await asSent(dossier);
	const findings = [deliveries, gathered, repeats, pace, runs].flatMap((each) => each.findings);
	return {
		findings: [...findings, ...claimsTrue(dossier), ...differing],
		deliveries,
		gathered,
		duplicates: repeats,
		pace,
		runs,
	};
}
