// What the page says of its networks' terms.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { termsOf } from "../src/page/terms.js";
import { detectorSpecOf, modelSpecOf } from "../src/specs/model_spec.js";

const asset = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../frsdk/assets/${name}`, import.meta.url)));
const networkTerms = (name: string) => modelSpecOf(asset(name), name).licence;
const detectorTerms = (name: string) => detectorSpecOf(asset(name), name).licence;

test("the built-in networks' terms are short, and name their files", () => {
  const research = [networkTerms("network.onnx"), detectorTerms("face_detector.onnx")];
  expect(termsOf(research)).toEqual({
    text: "research use only",
    cards: ["MODEL_CARD.md"],
    hasNotice: false,
  });
  const open = [networkTerms("network_open.onnx"), detectorTerms("face_detector_open.onnx")];
  expect(termsOf(open)).toEqual({
    text: "CC BY 4.0",
    cards: ["MODEL_CARD_OPEN.md"],
    hasNotice: true,
  });
  const mixed = termsOf([open[0], research[1]]);
  expect(mixed.text).toBe("CC BY 4.0; research use only");
  expect(mixed.cards).toEqual(["MODEL_CARD_OPEN.md", "MODEL_CARD.md"]);
});

test("terms of other networks are shown whole", () => {
  const own = "ours: https://example.org/terms (internal), see NOTICE";
  expect(termsOf([own, ""])).toEqual({
    text: `${own}; not stated in its file`,
    cards: [],
    hasNotice: false,
  });
});
