"""Lines of JSON in, lines of JSON out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.offline.manifests import listed, owned, pod, policy, workload


@pytest.fixture
def ask(write, connectivity):
    """Asks about pods and workloads; answers the lines and the exit status."""
    web = [owned(pod(f"web-{n}", "web", ip=f"10.0.0.{n}"), "Deployment", "web") for n in (1, 2)]
    write(
        "all.json",
        listed(
            workload("web"), *web, pod("db", "db", ip="10.0.0.9"), workload("db"), policy("db", "db", "web")
        ),
    )

    def run(*questions):
        lines = [one if isinstance(one, str) else json.dumps(one) for one in questions]
        done = connectivity("verdicts", "--from", "all.json", stdin="\n".join(lines))
        return [json.loads(line) for line in done.output.splitlines()], done.status

    return run


def question(source, destination, port=80, protocol="TCP"):
    return {"source": source, "destination": destination, "protocol": protocol, "port": port}


@pytest.mark.parametrize(
    ("source", "destination", "allowed"),
    [
        ("shop/web-1", "shop/pod/db", True),
        ("shop/web", "shop/pod/db", True),
        ("shop/deployment/web", "shop/Deployment/db", True),
        ("shop/deployments.apps/web", "shop/deploy/db", True),
        ("shop/pod/db", "shop/deploy/db", False),
        ("8.8.8.8", "shop/pod/db", False),
        ("shop/web-1", "8.8.8.8", True),
        ("2001:db8::1", "shop/pod/db", False),
        ("10.0.0.1", "shop/pod/db", True),
        ("shop/web-1", "10.0.0.9", True),
        ("10.0.0.9", "10.0.0.9", True),
    ],
)
def test_each_name_of_an_end_is_found(ask, source, destination, allowed):
    [answer], status = ask(question(source, destination))
    assert (answer.get("allowed"), status) == (allowed, 0)


def test_answers_come_in_the_order_of_questions(ask):
    answers, _ = ask(*(question("shop/web-1", "shop/pod/db", port) for port in (1, 2, 3)))
    assert [one["port"] for one in answers] == [1, 2, 3]


def test_one_pod_reaches_itself_and_another_of_its_workload_may_not(write, connectivity):
    pods = [owned(pod(f"web-{n}", "web"), "Deployment", "web") for n in (1, 2)]
    write("all.json", listed(*pods, policy("web", "web")))
    lines = "\n".join(json.dumps(question("shop/web-1", f"shop/web-{n}")) for n in (1, 2))
    done = connectivity("verdicts", "--from", "all.json", stdin=lines)
    assert [json.loads(line)["allowed"] for line in done.output.splitlines()] == [True, False]


@pytest.mark.parametrize(("number", "allowed"), [(1, True), (2, False)])
def test_blocks_match_each_pod_by_its_own_address(write, connectivity, number, allowed):
    pods = [owned(pod(f"web-{n}", "web", ip=f"10.0.0.{n}"), "Deployment", "web") for n in (1, 2)]
    into = policy("db", "db")
    into["spec"]["ingress"] = [{"from": [{"ipBlock": {"cidr": "10.0.0.1/32"}}]}]
    write("all.json", listed(*pods, pod("db", "db"), into))
    line = json.dumps(question(f"shop/web-{number}", "shop/db"))
    done = connectivity("verdicts", "--from", "all.json", "--blocks-match-pods", stdin=line)
    assert json.loads(done.output)["allowed"] == allowed


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense", "This is no question"),
        ("{}", "missing required field `source`"),
        (question("shop/web", "shop/nobody"), "There is no workload or pod nobody in namespace shop"),
        (
            question("shop/web", "shop/db"),
            "may be shop/Deployment.apps/db or shop/Pod/db. Write one of them.",
        ),
        (question("shop/web", "web"), "names no pod, workload or address"),
        (question("shop/web", "shop/web", 0), "0 is no port. Write a number from 1 to 65535."),
        (question("shop/web", "shop/web", "http"), "Expected `int`"),
        (question("shop/web", "shop/web", 1, "ICMP"), "Invalid enum value"),
        (question("8.8.8.8", "8.8.4.4"), "both outside of the cluster"),
    ],
)
def test_a_bad_line_is_told_and_the_rest_goes_on(ask, line, said):
    good = question("shop/web-1", "shop/pod/db")
    answers, status = ask(good, line, good)
    assert status == 2
    assert [one.get("allowed") for one in answers] == [True, None, True]
    assert said in answers[1]["error"]


def test_empty_lines_are_no_questions(ask):
    answers, status = ask("", question("shop/web-1", "shop/pod/db"), "  ")
    assert (len(answers), status) == (1, 0)


def test_manifests_and_questions_do_not_share_the_standard_input(connectivity):
    done = connectivity("verdicts", "--from", "-")
    assert (done.status, done.output) == (2, "")
    assert "give manifests as files or folders" in done.errors


def test_an_answer_comes_before_the_next_question(write):
    path = Path(write("all.yaml", workload("web"), workload("db"))).resolve()
    command = [sys.executable, "-m", "registry", "connectivity", "verdicts", "--from", str(path)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": "", "PYTHONPATH": ":".join(sys.path)},
    ) as process:
        for _ in range(3):
            process.stdin.write(json.dumps(question("shop/web", "shop/db")).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["allowed"]
        process.stdin.close()
        assert process.wait(30) == 0
