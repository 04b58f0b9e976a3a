"""Methods and calls: a method hands all its parameters to its call, and every request is as the API has it."""

from __future__ import annotations

import inspect
import json
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from letta_async import AsyncLetta, Block, InvalidArgumentError, NewBlock, Passage
from letta_async._http.request import CallOptions
from letta_async._http.request_building import build
from letta_async.config import ClientConfig
from letta_async.operations._operation import Operation
from letta_async.operations._tool_loop import LoopParameters, RunAgentTools, RunConversationTools, ToolLoopOperation
from letta_async.operations._tree import COMPOSED, TREE
from tests.ids import AGENT, CONVERSATION

ARCHIVE = AGENT.replace("agent", "archive")
BLOCK = AGENT.replace("agent", "block")
MESSAGE = AGENT.replace("agent", "message")
CONFIG = ClientConfig(api_key=None, base_url="http://localhost:8283")
OPTIONS = [field.name for field in attrs.fields(CallOptions) if field.name != "raw"]
"""Options that a caller passes."""

CALLS: dict[str, type[Operation[Any]]] = {cls.__name__: cls for cls in TREE.values()}


def resource(path: str) -> Any:
    """Return the resource at an attribute path of a client; the client itself for an empty path."""
    part: Any = AsyncLetta(api_key="k")
    for attribute in filter(None, path.split(".")):
        part = getattr(part, attribute)
    return part


METHODS = [pytest.param(*path.rpartition(".")[::2], cls, id=path) for path, cls in TREE.items()]


def request(operation: type[Operation[Any]], **parameters: object) -> tuple[str, str, Any]:
    made = build(operation, parameters, CallOptions(), CONFIG)
    return made.method, made.target, None if made.body is None else json.loads(made.body)


def faults(operation: type[Operation[Any]], **parameters: object) -> list[str]:
    with pytest.raises(InvalidArgumentError) as caught:
        build(operation, parameters, CallOptions(), CONFIG)
    return [str(fault) for fault in caught.value.faults]


def test_a_block_that_was_read_can_be_made_anew() -> None:
    block = Block(id=BLOCK, label="human", value="Ada", limit=10, tags=["a"], created_by_id="user-1")
    _, _, body = request(CALLS["CreateAgent"], memory_blocks=[block])
    assert body == {"memory_blocks": [{"label": "human", "value": "Ada", "limit": 10, "tags": ["a"]}]}
    dumps = [block.model_dump(), block.to_dict(), dict(block), block.model_dump(mode="json", exclude_none=True)]
    _, _, body = request(CALLS["CreateAgent"], memory_blocks=dumps)
    assert body == {"memory_blocks": [{"label": "human", "value": "Ada", "limit": 10, "tags": ["a"]}] * 4}
    for name in ("lable", "base"):
        (fault,) = faults(CALLS["CreateAgent"], memory_blocks=[dumps[0] | {name: None}])
        assert fault.startswith(f"memory_blocks[0].{name}: is not a field")
    assert faults(CALLS["CreateAgent"], memory_blocks=[Block(id=BLOCK, value="Ada")]) == [
        "memory_blocks[0].label: is required"
    ]


def test_a_passage_that_was_read_can_be_made_anew() -> None:
    passage = Passage(id="passage-1", text="Ada", tags=["a"], archive_id="archive-1", embedding=[0.5])
    _, _, body = request(CALLS["CreateArchivePassages"], archive_id=ARCHIVE, passages=[passage, passage.model_dump()])
    assert body == {"passages": [{"text": "Ada", "tags": ["a"]}] * 2}


@pytest.mark.parametrize(("path", "name", "operation"), METHODS)
async def test_a_method_hands_on_all_the_parameters_of_its_call(
    path: str, name: str, operation: type[Operation[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_on: list[Any] = []

    class Sender:
        async def _call(self, operation: Any, parameters: Any, options: Any, _: Any = None) -> Any:
            handed_on[:] = [operation, parameters, options]

        def _prepare_stream(self, operation: type[Operation[Any]], parameters: Any, options: Any) -> Any:
            handed_on[:] = [operation, parameters, options]
            return operation.http, None

        def _edit_and_propagate(self, operation: type[Operation[Any]], parameters: Any, options: Any) -> None:
            handed_on[:] = [operation, parameters, options]

    def paginator(fetch: Any, operation: Any, parameters: Any) -> None:
        handed_on[:] = [operation, parameters, None]

    part = resource(path)
    if path:
        monkeypatch.setattr(part, "_client", Sender())
    else:
        monkeypatch.setattr(part, "_call", Sender()._call)
    monkeypatch.setattr("letta_async.resources._resource.AsyncPaginator", paginator)
    method = getattr(part, name)
    given = {parameter: object() for parameter in inspect.signature(method).parameters}
    options = {option: given.pop(option) for option in OPTIONS}
    if inspect.iscoroutine(result := method(**given, **options)):
        await result
    assert handed_on[0] is operation
    assert handed_on[1] == given
    assert given.keys() == {field.name for field in attrs.fields(operation)}
    assert handed_on[2] is None or attrs.asdict(handed_on[2]) == {**options, "raw": None}


@pytest.mark.parametrize(("path", "name", "operation"), METHODS)
async def test_a_misspelt_parameter_is_an_error_of_python(
    path: str, name: str, operation: type[Operation[Any]]
) -> None:
    method = getattr(resource(path), name)
    required = {
        parameter.name: object()
        for parameter in inspect.signature(method).parameters.values()
        if parameter.default is parameter.empty
    }
    with pytest.raises(TypeError, match="unexpected keyword argument 'misspelt'"):
        method(**required, misspelt=1)


@pytest.mark.parametrize(("path", "operation"), COMPOSED.items())
async def test_a_method_of_several_calls_hands_on_all_its_parameters(
    path: str, operation: type[Operation[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_on: list[Any] = []

    async def make(*arguments: Any) -> None:
        handed_on[:] = arguments

    home, _, name = path.rpartition(".")
    part = resource(home)
    monkeypatch.setattr(part, f"_{operation.made_by}", make)
    given = {parameter: object() for parameter in inspect.signature(getattr(part, name)).parameters}
    options = {option: given[option] for option in OPTIONS}
    await getattr(part, name)(**given)
    own = {parameter: value for parameter, value in given.items() if parameter not in options}
    assert handed_on == [operation, own, *options.values()]
    assert own.keys() == {field.name for field in attrs.fields(operation)}


@pytest.mark.parametrize("loop", [RunAgentTools, RunConversationTools])
def test_what_a_loop_does_not_use_itself_its_call_can_send(loop: type[ToolLoopOperation]) -> None:
    used = {field.name for field in attrs.fields(LoopParameters)}
    assert {field.name for field in attrs.fields(loop)} - used < {field.name for field in attrs.fields(loop.sends)}


@pytest.mark.parametrize("name", CALLS)
def test_every_call_says_honestly_whether_it_may_be_repeated(name: str) -> None:
    once = {"CancelConversation", "Compact", "ForkConversation", "StreamAgentMessages", "UploadFile"}
    once |= {"CreateAgent", "CreateBlock", "CreateConversation", "CreateFolder", "CreateTool", "RunTool"}
    once |= {"RunToolFromSource"}
    once |= {"CreateAgentMessages", "CreateAgentMessagesAsync", "CreateMessages", "CancelAgentMessages"}
    once |= {"CompactAgentMessages", "ImportAgent", "CreateScheduledMessage", "SendEnvironmentMessage"}
    once |= {"CreateMcpServer", "RunMcpServerTool", "CreateProvider", "CreateAccessToken"}
    once |= {"CreateTemplate", "SaveTemplate", "CreateTemplateAgents"}
    once |= {"CreateArchive", "CreateArchivePassage", "CreateArchivePassages", "CreateAgentPassage"}
    once |= {"CreateGroup", "CreateIdentity"}
    assert CALLS[name].http.repeatable is (name not in once)


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("ListConversations", {}, ("GET", "/v1/conversations/", None)),
        (
            "ListConversations",
            {"agent_id": AGENT, "limit": 5, "after": CONVERSATION, "order": "asc", "archive_status": "all"},
            (
                "GET",
                f"/v1/conversations/?agent_id={AGENT}&limit=5&after={CONVERSATION}&order=asc&archive_status=all",
                None,
            ),
        ),
        ("ListConversations", {"agent_id": None, "after": None}, ("GET", "/v1/conversations/", None)),
        ("CreateConversation", {"agent_id": AGENT}, ("POST", f"/v1/conversations/?agent_id={AGENT}", None)),
        (
            "CreateConversation",
            {"agent_id": AGENT, "summary": None, "isolated_block_labels": ["a"], "hidden": True},
            (
                "POST",
                f"/v1/conversations/?agent_id={AGENT}",
                {"summary": None, "isolated_block_labels": ["a"], "hidden": True},
            ),
        ),
        ("RetrieveConversation", {"conversation_id": CONVERSATION}, ("GET", f"/v1/conversations/{CONVERSATION}", None)),
        ("UpdateConversation", {"conversation_id": CONVERSATION}, ("PATCH", f"/v1/conversations/{CONVERSATION}", {})),
        (
            "UpdateConversation",
            {"conversation_id": CONVERSATION, "last_message_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)},
            ("PATCH", f"/v1/conversations/{CONVERSATION}", {"last_message_at": "2026-01-02T03:04:05+00:00"}),
        ),
        (
            "DeleteConversation",
            {"conversation_id": CONVERSATION},
            ("DELETE", f"/v1/conversations/{CONVERSATION}", None),
        ),
        (
            "ForkConversation",
            {"conversation_id": "default", "agent_id": AGENT, "hidden": False, "message_id": MESSAGE},
            ("POST", f"/v1/conversations/default/fork?agent_id={AGENT}&hidden=false&message_id={MESSAGE}", None),
        ),
        (
            "CancelConversation",
            {"conversation_id": "default", "agent_id": AGENT},
            ("POST", f"/v1/conversations/default/cancel?agent_id={AGENT}", None),
        ),
        (
            "Compact",
            {"conversation_id": "default", "agent_id": AGENT, "compaction_settings": {"mode": "all"}},
            (
                "POST",
                "/v1/conversations/default/compact",
                {"agent_id": AGENT, "compaction_settings": {"mode": "all"}},
            ),
        ),
        (
            "ListMessages",
            {"conversation_id": CONVERSATION, "before": MESSAGE, "limit": None, "include_err": True},
            ("GET", f"/v1/conversations/{CONVERSATION}/messages?before={MESSAGE}&include_err=true", None),
        ),
        ("CreateAgent", {}, ("POST", "/v1/agents/", {})),
        (
            "CreateAgent",
            {
                "memory_blocks": [
                    {"label": "a", "value": ""},
                    NewBlock(label="b", value="c", limit=5, extra_fields={"newer": 1}),
                ],
                "block_ids": (BLOCK,),
                "model_settings": {"provider_type": "openai"},
            },
            (
                "POST",
                "/v1/agents/",
                {
                    "memory_blocks": [
                        {"label": "a", "value": ""},
                        {"label": "b", "value": "c", "limit": 5, "newer": 1},
                    ],
                    "block_ids": [BLOCK],
                    "model_settings": {"provider_type": "openai"},
                },
            ),
        ),
        ("UpdateAgent", {"agent_id": AGENT, "system": "S"}, ("PATCH", f"/v1/agents/{AGENT}", {"system": "S"})),
        (
            "RetrieveAgent",
            {"agent_id": AGENT, "include": ["agent.blocks", "agent.tags"]},
            ("GET", f"/v1/agents/{AGENT}?include=agent.blocks&include=agent.tags", None),
        ),
        (
            "RecompileAgent",
            {"agent_id": AGENT, "dry_run": True, "update_timestamp": False},
            ("POST", f"/v1/agents/{AGENT}/recompile?dry_run=true&update_timestamp=false", None),
        ),
        (
            "ListAgents",
            {"tags": ["a", "b"], "match_all_tags": True},
            ("GET", "/v1/agents/?tags=a&tags=b&match_all_tags=true", None),
        ),
        ("CreateBlock", {"label": "a", "value": "b"}, ("POST", "/v1/blocks/", {"label": "a", "value": "b"})),
        (
            "UpdateBlock",
            {"block_id": BLOCK, "description": None},
            ("PATCH", f"/v1/blocks/{BLOCK}", {"description": None}),
        ),
        (
            "ListBlockAgents",
            {"block_id": BLOCK, "after": AGENT},
            ("GET", f"/v1/blocks/{BLOCK}/agents?after={AGENT}", None),
        ),
    ],
)
def test_a_calls_request(name: str, given: dict[str, object], expected: Any) -> None:
    assert request(CALLS[name], **given) == expected


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("RetrieveConversation", {"conversation_id": "default"}, ["conversation_id: 'default' is malformed; expected"]),
        ("RetrieveConversation", {}, ["conversation_id: is required"]),
        ("CreateConversation", {"agent_id": CONVERSATION}, [f"agent_id: '{CONVERSATION}' is malformed"]),
        (
            "CreateConversation",
            {"agent_id": AGENT, "isolated_block_labels": "human"},
            ["isolated_block_labels: 'human' is not a list"],
        ),
        (
            "CreateConversation",
            {"agent_id": AGENT, "isolated_block_labels": ["a", 5, None]},
            ["isolated_block_labels[1]: 5 (int) is not a string", "isolated_block_labels[2]: None is not a string"],
        ),
        ("UpdateConversation", {"conversation_id": CONVERSATION, "archived": "yes"}, ["archived: 'yes' is neither"]),
        (
            "UpdateConversation",
            {"conversation_id": CONVERSATION, "last_message_at": datetime(2026, 1, 2)},  # noqa: DTZ001
            ["last_message_at: datetime.datetime(2026, 1, 2, 0, 0) (datetime) says not in which time zone it is"],
        ),
        (
            "UpdateConversation",
            {"conversation_id": CONVERSATION, "last_message_at": "tomorrow"},
            ["last_message_at: 'tomorrow' is not a time in the form of ISO 8601"],
        ),
        (
            "UpdateConversation",
            {"conversation_id": CONVERSATION, "last_message_at": 5},
            ["last_message_at: 5 (int) is neither a datetime nor a string"],
        ),
        (
            "CreateAgent",
            {"memory_blocks": [{"label": "a", "value": "b"}, {"label": "a", "vaule": "b"}, 5]},
            [
                "memory_blocks[1].value: is required",
                "memory_blocks[1].vaule: is not a field; did you mean value?",
                "memory_blocks[2]: 5 (int) is neither a mapping nor a NewBlock",
            ],
        ),
        ("CreateAgent", {"block_ids": [BLOCK, AGENT]}, [f"block_ids[1]: '{AGENT}' is malformed"]),
        ("CreateAgent", {"agent_type": "letta_v2_agent"}, ["agent_type: 'letta_v2_agent' is unknown; allowed:"]),
        ("CreateAgent", {"compaction_settings": {"clip_char": 1}}, ["compaction_settings.clip_char: is not a field"]),
        ("RetrieveAgent", {"agent_id": AGENT, "include": ["blocks"]}, ["include[0]: 'blocks' is unknown; allowed:"]),
        ("CreateBlock", {}, ["label: is required", "value: is required"]),
        ("CreateBlock", {"label": "a", "value": "b", "limit": -1}, ["limit: -1 (int) is out of range"]),
        ("CreateBlock", {"label": "a", "value": "b", "metadata": {"a": object()}}, ["metadata.a: <object"]),
        ("CreateBlock", {"label": "a", "value": "b", "metadata": [1]}, ["metadata: [1] (list) is not a mapping"]),
        ("ListBlocks", {"limit": 0}, ["limit: 0 (int) is out of range; allowed: at least 1"]),
        (
            "ListMessages",
            {"conversation_id": CONVERSATION, "after": "x"},
            ["after: 'x' is malformed; expected 'message-'"],
        ),
        (
            "Compact",
            {"conversation_id": "x", "compaction_settings": {"mode": "x"}},
            ["conversation_id:", "compaction_settings.mode:"],
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(name: str, given: dict[str, object], expected: list[str]) -> None:
    told = faults(CALLS[name], **given)
    assert len(told) == len(expected)
    for line, beginning in zip(told, expected, strict=True):
        assert line.startswith(beginning)


@pytest.mark.parametrize(
    "name",
    ["ForkConversation", "CancelConversation", "Compact", "ListMessages", "Recompile"],
)
def test_every_call_that_knows_the_agent_direct_mode_gives_the_same_advice(name: str) -> None:
    with pytest.warns(DeprecationWarning, match="deprecated by the API"):
        request(CALLS[name], conversation_id=AGENT)
    with pytest.warns(UserWarning, match="agent_id has no effect"):
        request(CALLS[name], conversation_id=CONVERSATION, agent_id=AGENT)
    made = build(CALLS[name], {"conversation_id": "default"}, CallOptions(), CONFIG)
    assert "agent_id is missing" in str(made.hint(404))


@pytest.mark.parametrize("name", sorted(CALLS))
def test_what_goes_in_a_path_has_nothing_to_quote(name: str) -> None:
    fields = attrs.fields(attrs.resolve_types(CALLS[name], include_extras=True))
    for field in fields:
        if field.metadata.get("in") == "path":
            (pattern,) = field.type.__metadata__
            assert not set(pattern.regex) & set("./%?#\\ "), "the pattern admits more than letters, digits and dashes"
