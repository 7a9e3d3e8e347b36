// The numbers of the faces as a table.

import type { Face } from "../face.js";
import { TrackedFace } from "../tracking/tracked_face.js";

/** A face of a picture or of a stream. */
export type Shown = Face | TrackedFace;

/** Fills the table; rows are kept from frame to frame. */
export class FaceTable {
  private readonly body: HTMLTableSectionElement;

  constructor(
    private readonly table: HTMLTableElement,
    private readonly none: HTMLElement,
  ) {
    this.body = table.tBodies[0];
  }

  /** Show these faces; `empty` is what to say without one. */
  show(faces: readonly Shown[], empty: string): void {
    this.table.hidden = faces.length === 0;
    this.none.hidden = faces.length > 0;
    if (this.none.textContent !== empty) this.none.textContent = empty;
    while (this.body.rows.length > faces.length) this.body.deleteRow(-1);
    faces.forEach((face, index) => {
      const row = this.body.rows[index] ?? this.newRow();
      rowTexts(face, index).forEach((text, column) => {
        const cell = row.cells[column];
        if (cell.textContent !== text) cell.textContent = text;
      });
    });
  }

  private newRow(): HTMLTableRowElement {
    const row = this.body.insertRow();
    for (let column = 0; column < 5; column++) row.insertCell();
    return row;
  }
}

/** The cells of a face's row: from 1, in the order of the table's columns. */
export function rowTexts(face: Shown, index: number): string[] {
  const { yawDeg, pitchDeg, rollDeg } = face.pose;
  const tracked = face instanceof TrackedFace;
  const score = tracked ? face.presence : face.score;
  return [
    String((tracked ? face.id : index) + 1),
    degrees(yawDeg),
    degrees(pitchDeg),
    degrees(rollDeg),
    score.toFixed(2),
  ];
}

function degrees(angle: number): string {
  const whole = Math.round(angle);
  return `${whole > 0 ? "+" : whole < 0 ? "−" : ""}${Math.abs(whole)}°`;
}
