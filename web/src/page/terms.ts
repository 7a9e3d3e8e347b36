// What the page says of its networks' terms.

/** Terms in a few words, and the files beside the networks that say more. */
export interface Terms {
  readonly text: string;
  readonly cards: readonly string[];
  readonly hasNotice: boolean;
}

const CARD = /\bMODEL_CARD\w*\.md\b/g;

/**
 * The terms of the network and its detector, as their files state them.
 *
 * Those of frsdk's own begin with the licence and name a model card, which tells the rest; any other
 * is shown whole.
 */
export function termsOf(licences: readonly string[]): Terms {
  const short = licences.map((licence) => {
    const text = licence.search(CARD) < 0 ? licence : licence.split(/[:(]/)[0];
    return text.trim() || "not stated in its file";
  });
  return {
    text: [...new Set(short)].join("; "),
    cards: [...new Set(licences.flatMap((licence) => licence.match(CARD) ?? []))],
    hasNotice: licences.some((licence) => licence.search(CARD) >= 0 && /\bNOTICE\b/.test(licence)),
  };
}

/** Write the terms into an element, with links to the files that say more. */
export function showTerms(element: HTMLElement, licences: readonly string[], models: URL): void {
  const { text, cards, hasNotice } = termsOf(licences);
  const link = (name: string, label: string) => {
    const anchor = document.createElement("a");
    anchor.href = new URL(name, models).href;
    anchor.textContent = label;
    return anchor;
  };
  const links = cards.map((name) => link(name, "model card"));
  if (hasNotice) links.push(link("NOTICE", "NOTICE"));
  const parts = links.flatMap((anchor) => [", ", anchor]);
  element.replaceChildren("Terms of the networks: ", text, ...parts, ".");
}
