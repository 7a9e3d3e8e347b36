"""frsdk-bench from its options to its files, with few rounds."""

import json

import cv2
import pytest
from click.testing import CliRunner

from frsdk.benchmarks.bench_cli import main
from frsdk.benchmarks.speed.measuring import machine_ceilings as ceilings
from frsdk.benchmarks.speed.measuring.pipeline_stages import STAGES
from frsdk.benchmarks.speed.tables import count_tables, limit_tables, many_faces_table
from frsdk.benchmarks.speed.tables.count_tables import PUBLISHED, group_table, published_table
from frsdk.specs.model_spec import ArchitectureSpec


@pytest.fixture(autouse=True)
def small(monkeypatch):
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "1")  # otherwise the command starts itself anew
    monkeypatch.setattr(ceilings, "_BYTES", 8 << 20)
    monkeypatch.setattr(limit_tables, "LARGE_VERTICES", 12_000)
    monkeypatch.setattr(limit_tables, "VERTICES", 10_000)
    monkeypatch.setattr(many_faces_table, "FACE_COUNTS", (1, 4))
    monkeypatch.setattr("frsdk.benchmarks.speed.measuring.cold_start._RUNS", 1)
    few = {name: PUBLISHED[name] for name in ("mobilenet_v2", "mobile_frnet")}
    monkeypatch.setattr(count_tables, "PUBLISHED", few)  # the larger networks take seconds
    threads = cv2.getNumThreads()
    yield
    cv2.setNumThreads(threads)


def bench(*arguments):
    return CliRunner().invoke(main, ["--rounds", "5", "--batch", "1,2", *map(str, arguments)])


def test_report_in_all_forms_and_its_comparison(tmp_path):
    files = [tmp_path / name for name in ("run.json", "run.md", "run.png")]
    done = bench("-o", files[0], "--markdown", files[1], "--plot", files[2])
    assert done.exit_code == 0, done.output
    assert "onnxruntime (CPUExecutionProvider) fp32" in done.output
    document = json.loads(files[0].read_text())
    tables = {table["key"]: table for table in document["tables"]}
    assert {"engines", "groups", "published", "latency", "stages", "outputs"} <= set(tables)
    assert {"faces", "limits", "decode", "drift", "cold_start", "memory", "overlay"} <= set(tables)
    assert document["environment"]["packages"]["onnxruntime"]

    stages = tables["stages"]["rows"]
    assert [row[0] for row in stages] == [*STAGES, "all"]
    outputs = {row[0]: row[1:] for row in tables["outputs"]["rows"]}
    assert {"network", "texture 1024", "depth, normals and PNCC", "GLB with its texture"} <= set(
        outputs
    )
    assert outputs["network"][1] == 1 and outputs["texture 1024"][1] > 1
    assert sum(row[2] for row in stages[:-1]) == pytest.approx(100.0)
    overlay = {row[0]: row[1:] for row in tables["overlay"]["rows"]}
    assert list(overlay)[1:] == ["1280 x 720", "1920 x 1080"]
    assert all(live < still for _, still, live in overlay.values())
    assert [(row[0], row[1]) for row in tables["latency"]["rows"]] == [("fp32", 1), ("fp32", 2)]
    p50 = tables["latency"]["columns"].index("p50 ms")
    throughput = tables["latency"]["columns"].index("faces/s")
    for row in tables["latency"]["rows"]:
        assert row[throughput] == pytest.approx(row[1] / row[p50] * 1e3)
    assert tables["drift"]["rows"] == [["fp32", 0.0]]
    (cold,) = tables["cold_start"]["rows"]
    assert cold[0] == "fp32" and all(value > 0 for value in cold[1:])
    assert tables["memory"]["rows"][0][1] > 50

    assert files[1].read_text().startswith("# frsdk-bench")
    height, width = cv2.imread(str(files[2])).shape[:2]
    assert width > 1000 and height > 300

    printed = json.loads(bench("--no-cold-start", "--json", "--engine", "fp32,builtin-open").stdout)
    assert {"environment", "tables"} <= set(printed)
    (drift,) = (table for table in printed["tables"] if table["key"] == "drift")
    assert drift["rows"] == [["fp32", 0.0]]  # the other one is another network

    again = bench("--no-cold-start", "--compare", files[0])
    assert again.exit_code == 0, again.output
    assert "Against" in again.output and "latency: fp32, 2" in again.output

    earlier = tmp_path / "earlier.json"
    earlier.write_text('{"tables": []}', encoding="utf-8")
    kept = tmp_path / "kept.json"
    refused = bench("--no-cold-start", "--compare", earlier, "-o", kept)
    assert refused.exit_code == 1 and "Latency" in refused.output and kept.is_file()


def test_several_engines_and_threads_are_interleaved(tmp_path):
    path = tmp_path / "run.json"
    done = bench("--threads", "1,2", "--vertices", "int8", "--no-cold-start", "-o", path)
    assert done.exit_code == 0, done.output
    tables = {table["key"]: table for table in json.loads(path.read_text())["tables"]}
    assert [row[:2] for row in tables["engines"]["rows"]] == [
        ["fp32", "FP32"], ["fp32, 2 threads", "FP32"],
    ]  # fmt: skip
    assert [row[0] for row in tables["drift"]["rows"]] == ["fp32", "fp32, 2 threads"]
    shares = {row[0].split(", batch")[0]: row[3] for row in tables["limits"]["rows"]}
    assert shares["fp32"] > 0 and shares["fp32, 2 threads"] is None
    assert tables["latency"]["rows"][0][-1] == 1.0  # the first engine is the base
    assert len(tables["stages"]["columns"]) == 5


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--engine", "none.onnx"), 1, "no such file"),
        (("--engine", ","), 1, "expected engines"),
        (("--batch", "0"), 1, "expected batch sizes"),
        (("--compare", "none.json"), 1, "cannot be read"),
        (("--mediapipe", "x.task"), 2, "add --peers"),
        (("--rounds", "1"), 2, "--rounds"),
    ],
)
def test_wrong_options_are_one_line(arguments, code, message):
    done = bench(*arguments)
    assert done.exit_code == code and message in done.output
    if code == 1:
        assert len(done.output.strip().splitlines()) == 1


def test_counting_reproduces_the_published_figures(monkeypatch):
    monkeypatch.setattr(count_tables, "PUBLISHED", PUBLISHED)
    table = published_table()
    rows = dict(zip(PUBLISHED, table.rows, strict=True))
    for name in ("resnext50", "densenet121"):
        _, parameters, counted, giga, counted_giga, multiply_adds, flops = rows[name]
        assert counted == pytest.approx(parameters, rel=0.01)
        assert counted_giga == pytest.approx(giga, rel=0.01)
        assert flops == 2 * multiply_adds
    assert rows["mobilenet_v2_projected"][2] == pytest.approx(2.38, rel=0.01)


def test_groups_add_up(tiny_spec):
    spec = tiny_spec.replace(architecture=ArchitectureSpec("mobile_frnet"))
    table = group_table(spec)
    *groups, total = table.rows
    assert [row[0] for row in groups][:2] == ["60 x 60", "attention"] and total[0] == "all"
    for column in range(1, 5):
        assert sum(row[column] for row in groups) == pytest.approx(total[column])
    unknown = group_table(tiny_spec)
    assert unknown.rows == [] and "not in the registry" in unknown.note


def test_peers_run_beside_the_engine(tmp_path, monkeypatch):
    from frsdk.benchmarks.speed.peers import peer_networks as peers

    kept = (peers.BASE, peers._V2_FULL, peers._V2_HALF)
    monkeypatch.setattr(peers, "NETWORKS", {label: peers.NETWORKS[label] for label in kept})
    monkeypatch.setattr(peers, "VERTICES", 10_000)
    path, plot = tmp_path / "run.json", tmp_path / "run.png"
    done = bench("--peers", "--batch", "1", "--no-cold-start", "-o", path, "--plot", plot)
    assert done.exit_code == 0, done.output
    tables = {table["key"]: table for table in json.loads(path.read_text())["tables"]}
    networks = {row[0]: row for row in tables["peer_networks"]["rows"]}
    assert set(networks) == {*kept, "engine fp32"}
    assert networks[peers.BASE][3] == 1.0 and networks[peers.BASE][1] > 50  # nodes
    pipelines = [row[0] for row in tables["pipelines"]["rows"]]
    assert pipelines[0] == f"3DDFA_V2's pipeline, {peers._V2_FULL}"
    assert "frsdk, engine fp32, int8 vertices" in pipelines
    assert f"frsdk's chain with {peers.BASE}, fp32 vertices" in pipelines
    assert "re-statements" in tables["peer_networks"]["note"] and plot.stat().st_size > 1000
