import type { Receipt } from "./answers.ts";

/** The service that a receipt's delivery goes to, by the name that its users know; `Destination` for any other, or none. */
export function serviceOf({ to }: Pick<Receipt, "to">): string {
	if (to === null) return "Destination";
	if ("repository" in to) return "GitHub";
	return "pipeline" in to ? "Azure Pipelines" : "Destination";
}

/** The one service of a list, or `Destination` where it has several. */
export function serviceOfAll(receipts: readonly Pick<Receipt, "to">[]): string {
	const services = new Set(receipts.filter(({ to }) => to !== null).map(serviceOf));
	const [only = "Destination"] = services;
	return services.size === 1 ? only : "Destination";
}

/** The service that a lane belongs to. GitHub's lanes have names of their own, every other service's are named after it. */
export function serviceOfLane(lane: string): string {
	if (/^(default$|token-|app-)/.test(lane)) return "GitHub";
	return /^azure-devops(-|$)/.test(lane) ? "Azure Pipelines" : "Destination";
}
