"""What `packaging/` has for those who run gitstars for good: as far as it can be tried here."""

import json
import plistlib
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitstars.config import load
from gitstars.settings.catalogue import catalogue
from gitstars.web.health import build_health_app

ROOT = Path(__file__).parent.parent.parent
PACKAGING = ROOT / "packaging"
#: A word of a PromQL expression that is a metric of ours.
METRIC = re.compile(r"\b(?:gitstars|process)_[a-z_]+")


def metrics_told() -> set[str]:
    """The metrics of the document, which another test holds to what is answered; of a histogram
    also its buckets.
    """
    told = set(re.findall(r"^\| `([a-z_]+)`", (ROOT / "docs" / "metrics.md").read_text(), re.M))
    return told | {f"{name}_bucket" for name in told}


def settings_of(text: str, tmp_path: Path) -> None:
    """Read a configuration as gitstars does: it raises where something is wrong."""
    (tmp_path / "config.toml").write_text(text)
    password = {"database.password": "secret"} if "user =" in text else {}
    load(tmp_path / "config.toml", {"admin.api_key": "a-key-of-16-characters", **password})


def variables_known() -> set[str]:
    return {setting.env for setting in catalogue() if setting.env}


def test_every_metric_that_is_named_exists() -> None:
    rules = yaml.safe_load((PACKAGING / "prometheus-rules.yaml").read_text())
    board = json.loads((PACKAGING / "grafana-dashboard.json").read_text())
    asked = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    asked += [target["expr"] for panel in board["panels"] for target in panel["targets"]]

    assert len(asked) > 15
    for expression in asked:
        assert set(METRIC.findall(expression)) <= metrics_told(), expression


def test_prometheus_takes_the_alerts(require: Callable[[bool, str], None]) -> None:
    require(shutil.which("promtool") is not None, "promtool")
    command = ["promtool", "check", "rules", str(PACKAGING / "prometheus-rules.yaml")]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "gitstars.service"
    text = (PACKAGING / "gitstars.service").read_text()
    unit.write_text(text.replace("/usr/local/bin/gitstars", "/bin/true"))

    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_compose_names_settings_variables_and_ports_that_exist(tmp_path: Path) -> None:
    told = yaml.safe_load((PACKAGING / "compose.yaml").read_text())
    ours = told["services"]["gitstars"]

    assert set(ours["environment"]) <= variables_known()
    settings_of(told["configs"]["settings"]["content"], tmp_path)
    assert all(port.startswith("127.0.0.1:") for port in ours["ports"])
    assert ours["read_only"] is True


def test_kubernetes_names_settings_probes_and_ports_that_exist(tmp_path: Path) -> None:
    found = list(yaml.safe_load_all((PACKAGING / "kubernetes.yaml").read_text()))
    by_kind = {one["kind"]: one for one in found}
    (container,) = by_kind["Deployment"]["spec"]["template"]["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    probes: list[Any] = [container[f"{name}Probe"] for name in ("startup", "liveness", "readiness")]

    settings_of(by_kind["ConfigMap"]["data"]["config.toml"], tmp_path)
    assert ports == {"health": 8080, "admin": 8081}
    routes = {route.rule for route in build_health_app(None, None).routes}  # type: ignore[arg-type]
    assert {probe["httpGet"]["path"] for probe in probes} <= routes
    assert by_kind["PodMonitor"]["spec"]["podMetricsEndpoints"][0]["path"] in routes


def test_the_image_runs_what_exists_as_a_user_of_its_own() -> None:
    lines = (PACKAGING / "Dockerfile").read_text().splitlines()
    copied = [
        line.split()[1:-1] for line in lines if line.startswith("COPY") and "--from" not in line
    ]

    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists(), name
    assert any(line.startswith("USER 10001") for line in lines)
    assert 'ENTRYPOINT ["gitstars"]' in lines


def test_launchd_can_read_its_list() -> None:
    told = plistlib.loads((PACKAGING / "gitstars.plist").read_bytes())

    assert told["ProgramArguments"][1] == "serve"


def test_the_lock_for_running_has_what_that_for_developing_has() -> None:
    pattern = re.compile(r"^([\w.-]+==[^ ]+)", re.M)
    running, developing = (
        set(pattern.findall((ROOT / name).read_text()))
        for name in ("requirements-run.txt", "requirements.txt")
    )

    assert 0 < len(running) < len(developing)
    assert running <= developing
