import type { Receipt } from "./answers.ts";

/** The service that a receipt's delivery goes to, by the name that its users know; `Destination` where there is none. */
export function serviceOf({ to }: Pick<Receipt, "to">): string {
	if (to === null) return "Destination";
	return "pipeline" in to ? "Azure Pipelines" : "GitHub";
}

/** The one service of a list, or `Destination` where it has several. */
export function serviceOfAll(receipts: readonly Pick<Receipt, "to">[]): string {
	const services = new Set(receipts.filter(({ to }) => to !== null).map(serviceOf));
	const [only = "Destination"] = services;
	return services.size === 1 ? only : "Destination";
}

/** The service that a lane belongs to; a lane of Azure Pipelines is named after it. */
export function serviceOfLane(lane: string): string {
	return lane === "azure-devops" || lane.startsWith("azure-devops-") ? "Azure Pipelines" : "GitHub";
}
