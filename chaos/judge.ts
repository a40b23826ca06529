import type { Evidence, Finding } from "./evidence.ts";
import { asSent } from "./judges/as-sent.ts";
import { claimsTrue } from "./judges/claims-true.ts";
import { openDossier } from "./judges/dossier.ts";
import { type Duplicates, duplicates } from "./judges/duplicates.ts";
import { type Gathered, gatheredWhole } from "./judges/gathered-whole.ts";
import { type PaceKept, paceKept } from "./judges/pace-kept.ts";
import { type Promises, promisesKept } from "./judges/promises-kept.ts";

/** What the judges say of a storm. */
export interface Judgement {
	/** Empty where all is well. */
	readonly findings: readonly Finding[];
	readonly promises: Promises;
	readonly gathered: Gathered;
	readonly duplicates: Duplicates;
	readonly pace: PaceKept;
}

/** Holds a storm's evidence to everything that the bridge promises. */
export async function judge(evidence: Evidence): Promise<Judgement> {
	const dossier = await openDossier(evidence);
	const promises = promisesKept(dossier);
	const gathered = await gatheredWhole(dossier);
	const repeats = duplicates(dossier);
	const pace = paceKept(dossier);
	const differing = await asSent(dossier);
	const findings = [promises, gathered, repeats, pace].flatMap((each) => each.findings);
	return {
		findings: [...findings, ...claimsTrue(dossier), ...differing],
		promises,
		gathered,
		duplicates: repeats,
		pace,
	};
}
