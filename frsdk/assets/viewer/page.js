"use strict";

// The page: photographs with landmarks on the left, the chosen face in 3D on the right.

const records = [...document.querySelectorAll("script.photograph")];
const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const view = new OrbitView(byId("view"), (text) => { byId("message").textContent = text; });
let photograph = null, chosen = 0, meshAddress = "";

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function option(text, value) {
  const made = document.createElement("option");
  made.textContent = text;
  made.value = value;
  return made;
}

function showPhotograph(index) {
  photograph = JSON.parse(records[index].textContent);
  byId("photos").value = String(index);
  byId("previous").disabled = index === 0;
  byId("next").disabled = index === records.length - 1;
  const image = byId("photo").querySelector("img");
  image.src = photograph.image;
  image.alt = photograph.name;
  image.width = photograph.width;
  image.height = photograph.height;
  const names = photograph.faces.map((face, k) => option(`face ${k + 1} of ${photograph.faces.length}`, k));
  byId("faces").replaceChildren(...names);
  byId("faces").hidden = byId("reset").hidden = byId("download").hidden = !photograph.faces.length;
  showFace(0);
}

function showFace(index) {
  chosen = index;
  byId("faces").value = String(index);
  drawMarks();
  const face = photograph.faces[index];
  showNumbers(face);
  URL.revokeObjectURL(meshAddress);
  if (!face || !face.glb) {
    view.show({ positions: new Float32Array(3), normals: new Float32Array(3), uv: null, indices: new Uint32Array(0) });
    byId("download").hidden = true;
    return;
  }
  const bytes = bytesFromBase64(face.glb);
  meshAddress = URL.createObjectURL(new Blob([bytes], { type: "model/gltf-binary" }));
  byId("download").href = meshAddress;
  byId("download").download = `${photograph.stem}.${index}.glb`;
  byId("download").hidden = false;
  view.show(parseGlb(bytes));
}

function drawMarks() {
  const svg = byId("photo").querySelector("svg");
  svg.setAttribute("viewBox", `-0.5 -0.5 ${photograph.width} ${photograph.height}`);
  const marks = [];
  photograph.faces.forEach((face, k) => {
    const [x0, y0, x1, y1] = face.box_xyxy_px.map((value) => value - 0.5);
    if (byId("boxes").checked) {
      const box = element("rect", {
        x: x0, y: y0, width: x1 - x0, height: y1 - y0, class: k === chosen ? "chosen" : "",
        tabindex: 0, role: "button", "aria-label": `face ${k + 1}`,
      });
      box.addEventListener("click", () => showFace(k));
      box.addEventListener("keydown", (event) => { if (event.key === "Enter") showFace(k); });
      marks.push(box);
    }
    if (!byId("landmarks").checked) return;
    const radius = Math.max((x1 - x0) / 90, photograph.width / 700);
    face.landmarks_px.forEach(([x, y], i) => {
      marks.push(element("circle", { cx: x, cy: y, r: radius, class: face.visible[i] ? "" : "hidden" }));
    });
  });
  svg.replaceChildren(...marks);
}

function showNumbers(face) {
  const rows = !face ? [["faces", "none found"]] : [
    ["yaw", `${face.pose.yaw_deg.toFixed(1)}°, + to the picture's right`],
    ["pitch", `${face.pose.pitch_deg.toFixed(1)}°, + up`],
    ["roll", `${face.pose.roll_deg.toFixed(1)}°, + clockwise`],
    ["score", face.score.toFixed(2)],
    ["landmarks seen", `${face.visible.filter(Boolean).length} of ${face.visible.length}`],
    ["box", face.box_xyxy_px.map((value) => value.toFixed(0)).join(", ") + " px"],
  ];
  byId("numbers").replaceChildren(...rows.map(([name, value]) => {
    const row = document.createElement("tr"), head = document.createElement("th"), cell = document.createElement("td");
    head.textContent = name;
    head.scope = "row";
    cell.textContent = value;
    row.append(head, cell);
    return row;
  }));
}

const step = (by) => showPhotograph(Number(byId("photos").value) + by);
byId("photos").replaceChildren(...records.map((record, k) => option(record.dataset.name, k)));
byId("photos").addEventListener("change", (event) => showPhotograph(Number(event.target.value)));
byId("previous").addEventListener("click", () => step(-1));
byId("next").addEventListener("click", () => step(1));
byId("faces").addEventListener("change", (event) => showFace(Number(event.target.value)));
byId("reset").addEventListener("click", () => view.reset());
byId("landmarks").addEventListener("change", drawMarks);
byId("boxes").addEventListener("change", drawMarks);
byId("texture").addEventListener("change", (event) => { view.textured = event.target.checked; view.draw(); });
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
  const boxes = { l: "landmarks", b: "boxes", t: "texture" };
  const key = event.key.toLowerCase();
  if (key in boxes) byId(boxes[key]).click();
  else if (key === "0") view.reset();
});
if (records.length) showPhotograph(0);
else byId("message").textContent = "No photograph was reconstructed.";
