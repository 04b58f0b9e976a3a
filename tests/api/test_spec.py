"""What differs from a server's description is found, whichever way it differs."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from letta_async.operations._tree import TREE
from letta_async.operations.named_mcp_servers import AddMcpServer
from letta_async.testing import EmbeddedServer
from tools.api.left_out import reason_for
from tools.api.spec import Description, declared_fields, differences, scaffold


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    with EmbeddedServer() as server:
        return dict(Description.load(server.base_url).document)


def found(document: dict[str, Any]) -> set[str]:
    return set(differences(Description(document)))


def recompile(document: dict[str, Any]) -> dict[str, Any]:
    path = next(path for path in document["paths"] if path.endswith("/recompile") and "conversation" in path)
    call: dict[str, Any] = document["paths"][path]["post"]
    return call


def rename_the_segment(document: dict[str, Any]) -> None:
    paths = document["paths"]
    path = next(path for path in paths if path.startswith("/v1/blocks/{"))
    paths[path.replace("block_id", "id")] = paths.pop(path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda document: recompile(document)["parameters"].append({"in": "query", "name": "newer", "schema": {}}),
            "conversations.recompile: lacks the query parameter newer (anything)",
        ),
        (
            lambda document: [each.update({"in": "path"}) for each in recompile(document)["parameters"]],
            "conversations.recompile: dry_run goes into the query, described in the path",
        ),
        (
            lambda document: [each.update(schema={"type": "string"}) for each in recompile(document)["parameters"]],
            "conversations.recompile: dry_run is boolean, described as string",
        ),
        (
            lambda document: [each.update(required=True) for each in recompile(document)["parameters"]],
            "conversations.recompile: dry_run is optional, described the other way",
        ),
        (lambda document: document["paths"].pop("/v1/blocks/"), "blocks.list: GET /v1/blocks/ is not described"),
        (lambda document: document["paths"].update({"/v1/new": {"get": {}}}), "GET /v1/new has no method"),
    ],
)
def test_a_difference_is_found(
    described: dict[str, Any], change: Callable[[dict[str, Any]], object], expected: str
) -> None:
    document = copy.deepcopy(described)
    assert expected not in found(document)
    change(document)
    assert expected in found(document)


def test_the_name_of_a_segment_is_no_difference(described: dict[str, Any]) -> None:
    document = copy.deepcopy(described)
    rename_the_segment(document)
    assert found(document) == found(described)


def test_a_description_is_read_from_a_file(described: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(described), encoding="utf-8")
    assert found(dict(Description.load(str(file)).document)) == found(described)


def test_a_class_to_edit_is_python_with_a_description_below_each_field(described: dict[str, Any]) -> None:
    source = scaffold(Description(described), "PATCH", "/v1/blocks/{block_id}")
    compile(source, "scaffold", "exec")
    assert 'http: ClassVar[Endpoint] = PATCH("/v1/blocks/{block_id}")' in source
    assert "block_id: Annotated[str, Path()]" in source
    assert "value: InBody[str | None] = UNSET" in source


def test_a_call_that_is_left_out_with_a_reason_is_no_difference(described: dict[str, Any]) -> None:
    document = copy.deepcopy(described)
    document["paths"].update({"/v1/admin/users/": {"get": {}}, "/v1/jobs/{job_id}/cancel": {"patch": {}}})
    assert [*differences(Description(document))] == [*differences(Description(described))]


@pytest.mark.parametrize(("method", "path"), [(cls.http.method, cls.http.path) for cls in TREE.values()])
def test_no_call_that_is_there_is_left_out(method: str, path: str) -> None:
    assert reason_for(method, path) is None


def test_a_body_that_is_one_parameter_has_the_fields_of_its_classes() -> None:
    fields = declared_fields(AddMcpServer)
    required = {name for name, field in fields.items() if field.required}
    assert required == {"server_name", "command", "args", "server_url"}
    assert fields.keys() - required == {"type", "env", "auth_header", "auth_token", "custom_headers"}
    assert {field.place for field in fields.values()} == {"body"}
    assert fields["env"].kinds == {"null", "object"}
