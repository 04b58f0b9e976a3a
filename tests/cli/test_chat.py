"""The command `chat` where standard input is no terminal: one message, its answer, and what can go wrong."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from letta_async import Letta
from letta_async.types.agent import AgentState
from tests.cli.processes import PROGRAM, Done, Running, run, run_here
from tests.cli.turns import RUN, TurnServer, asked, called, failed, returned, said, stopped, thought

MODEL = "letta/letta-free"
NOBODY = "agent-00000000-0000-4000-8000-000000000000"


@pytest.fixture
def turns() -> Iterator[TurnServer]:
    with TurnServer() as running:
        yield running
        running.release()


@pytest.fixture
def made(turns: TurnServer) -> Iterator[Letta]:
    with Letta(base_url=turns.base_url) as client:
        yield client


@pytest.fixture
def agent(made: Letta) -> AgentState:
    return made.agents.create(name="assistant", model=MODEL, embedding=MODEL)


@pytest.fixture
def chat(turns: TurnServer, agent: AgentState) -> Callable[..., Done]:
    """Return a function that sends a message to the agent."""
    return partial(run_here, "chat", agent.id, base_url=turns.base_url, stdin="Hello?\n")


def test_a_message_on_standard_input_is_answered_on_standard_output(turns: TurnServer, agent: AgentState) -> None:
    done = run("chat", agent.id, base_url=turns.base_url, stdin="What is\ndue today?\n")
    assert done == Done(0, "What is\ndue today?\n", "")


def test_an_agent_has_a_name(turns: TurnServer, agent: AgentState) -> None:
    assert agent.name is not None
    done = run_here("chat", agent.name, base_url=turns.base_url, stdin="Hello?")
    assert done == Done(0, "Hello?\n", "")


def test_a_name_that_several_agents_have_lists_them(turns: TurnServer, made: Letta, agent: AgentState) -> None:
    other = made.agents.create(name="assistant", model=MODEL, embedding=MODEL)
    done = run_here("chat", "assistant", base_url=turns.base_url, stdin="Hello?")
    assert (done.code, done.stdout) == (2, "")
    assert "error: AGENT: 2 agents have the name 'assistant'" in done.stderr
    assert f"assistant ({agent.id})" in done.stderr
    assert f"assistant ({other.id})" in done.stderr


def test_a_name_that_no_agent_has_lists_similar_ones(turns: TurnServer, agent: AgentState) -> None:
    done = run_here("chat", "assist", base_url=turns.base_url, stdin="Hello?")
    assert (done.code, done.stdout) == (6, "")
    listed = f"error: AGENT: no agent has the ID or the name 'assist'; there is assistant ({agent.id})\n"
    assert done.stderr == listed


def test_a_name_is_the_whole_name_whatever_the_server_finds(turns: TurnServer, agent: AgentState) -> None:
    found = turns.script("GET", "/v1/agents/", body=[agent.to_dict()], times=None)
    done = run_here("chat", "assist", base_url=turns.base_url, stdin="Hello?")
    assert (done.code, found.met) == (6, 2)


def test_an_id_that_no_agent_has(turns: TurnServer) -> None:
    done = run_here("chat", NOBODY, base_url=turns.base_url, stdin="Hello?")
    assert (done.code, done.stdout) == (6, "")


def test_a_conversation_is_used(turns: TurnServer, made: Letta, agent: AgentState, chat: Callable[..., Done]) -> None:
    conversation = made.conversations.create(agent_id=agent.id)
    turns.add_turn(said("There."), stopped())
    assert chat("--conversation", conversation.id, "--background", "--wait-if-busy", "5") == Done(0, "There.\n", "")
    ((path, body),) = turns.sent
    assert path == f"/v1/conversations/{conversation.id}/messages"
    assert (body["streaming"], body["stream_tokens"], body["background"]) == (True, True, True)
    assert body["messages"][0]["content"] == "Hello?"


@pytest.mark.parametrize(("options", "code"), [((), 1), (("--wait-if-busy", "30"), 0)], ids=["at once", "waiting"])
def test_a_busy_conversation_is_waited_for(
    turns: TurnServer, chat: Callable[..., Done], options: tuple[str, ...], code: int
) -> None:
    turns.script("POST", "*/messages/stream", status=409, body={"detail": "CONFLICT: busy", "run_id": RUN})
    assert chat("--max-retries", "0", *options).code == code


def test_a_conversation_of_another_agent_is_refused(
    turns: TurnServer, made: Letta, agent: AgentState, chat: Callable[..., Done]
) -> None:
    other = made.agents.create(name="other", model=MODEL, embedding=MODEL)
    conversation = made.conversations.create(agent_id=other.id)
    done = chat("--conversation", conversation.id)
    assert (done.code, done.stdout) == (2, "")
    assert f"it is one of {other.id}, not of assistant ({agent.id})" in done.stderr
    assert not turns.sent


@pytest.mark.parametrize(
    ("options", "stdin", "words"),
    [
        ((), " \n", "standard input is empty"),
        (("--conversation", "default"), "Hello?", "without it, the chat is in the agent's own messages"),
        (("--conversation", "conv-1"), "Hello?", "--conversation: 'conv-1': expected 'conv-' and a lower-case UUID4"),
        (("--wait-if-busy", "-1"), "Hello?", "--wait-if-busy"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_sent(
    turns: TurnServer, options: tuple[str, ...], stdin: str, words: str
) -> None:
    done = run_here("chat", NOBODY, *options, base_url=turns.base_url, stdin=stdin)
    assert (done.code, done.stdout) == (2, "")
    assert words in done.stderr
    assert not turns.requests


def test_tool_calls_are_a_line_each_beside_the_answer(turns: TurnServer, chat: Callable[..., Done]) -> None:
    turns.add_turn(
        said("Let me "),
        said("see."),
        called("weather", None),
        called(None, '{"city":'),
        {"message_type": "ping", "run_id": RUN},
        called(None, ' "Rome"}'),
        called("clock", "{}", call_id="call_2"),
        returned("sunny\nand warm"),
        returned("no clock", status="error", call_id="call_2"),
        said("Sunny.", number=3),
        stopped(),
    )
    done = chat()
    assert done.code == 0
    assert done.stdout == "Let me see.\nSunny.\n"
    assert done.stderr.splitlines() == [
        'call: weather({"city": "Rome"})',
        "call: clock({})",
        "return: weather: sunny and warm",
        "error: clock: no clock",
    ]


def test_reasoning_is_shown_only_if_it_is_wanted(turns: TurnServer, chat: Callable[..., Done]) -> None:
    events = [thought("Be"), thought("cause."), said("So."), stopped()]
    turns.add_turn(events)
    assert chat() == Done(0, "So.\n", "")
    turns.add_turn(events)
    assert chat("--reasoning") == Done(0, "So.\n", "Because.\n")


def test_control_characters_of_a_model_do_not_reach_the_terminal(turns: TurnServer, chat: Callable[..., Done]) -> None:
    evil = "a\x1b[2J\x07\x9b\u202eb\x7f\r"
    events = [thought(evil), said(f"{evil}\n\tx"), called(evil, evil), returned(evil), stopped(evil)]
    turns.add_turn(events)
    done = chat("--reasoning")
    assert done.stdout == "a�[2J���b�\n\tx\n"
    assert done.stderr.count("a�[2J���b�") == 6
    turns.add_turn(events)
    lines = chat("--json").stdout
    for text in (done.stdout, done.stderr, lines):
        assert not {each for each in text if ord(each) < 32 or 0x7F <= ord(each) < 0xA0 or each == "\u202e"} - {*"\n\t"}
    assert json.loads(lines.splitlines()[1])["content"] == f"{evil}\n\tx"


def test_events_are_lines_of_json(turns: TurnServer, chat: Callable[..., Done]) -> None:
    turns.add_turn(thought("Because."), said("So."), stopped())
    done = chat("--json")
    assert (done.code, done.stderr) == (0, "")
    kinds = [event["message_type"] for event in done.jsonl]
    assert kinds == ["reasoning_message", "assistant_message", "stop_reason"]


def test_a_turn_that_fails_after_its_beginning(turns: TurnServer, chat: Callable[..., Done]) -> None:
    events = [said("Well, "), *failed("The model failed.", "It is\x1b[2J out of order.")]
    turns.add_turn(events)
    done = chat()
    assert (done.code, done.stdout) == (1, "Well, \n")
    assert done.stderr == "error: the turn failed: The model failed. (It is�[2J out of order.)\n"
    turns.add_turn(events)
    done = chat("--json")
    assert done.code == 1
    assert done.jsonl[-1]["message_type"] == "error_message"
    assert done.jsonl[-1]["error_type"] == "llm_error"


def test_a_turn_that_is_cut_short(turns: TurnServer, chat: Callable[..., Done]) -> None:
    turns.add_turn(said("One, two"), stopped("max_tokens_exceeded"))
    assert chat() == Done(1, "One, two\n", "(the turn was cut short: max_tokens_exceeded)\n")


def test_an_approval_cannot_be_asked_for(turns: TurnServer, chat: Callable[..., Done]) -> None:
    turns.add_turn(asked("delete", '{"all": true}'), stopped("requires_approval"))
    done = chat()
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr == 'The agent waits for an approval of delete({"all": true}); decide in a chat on a terminal.\n'


def test_a_server_that_cannot_be_reached_and_one_that_fails(turns: TurnServer, chat: Callable[..., Done]) -> None:
    assert run_here("chat", NOBODY, base_url="http://127.0.0.1:9", stdin="Hello?").code == 3
    turns.script("POST", "*/messages/stream", status=400, body={"detail": "no such model"})
    done = chat()
    assert (done.code, done.stdout) == (1, "")
    assert "no such model" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_ctrl_c_cancels_the_run(turns: TurnServer, agent: AgentState) -> None:
    turns.add_turn(said("One"), is_held=True)
    with Running("chat", agent.id, base_url=turns.base_url, stdin=b"Count") as running:
        running.stdout.wait_for("One")
        running.signal(signal.SIGINT)
        done = running.end()
    assert done == Done(130, "One\n", "Cancelled.\n")
    assert turns.cancelled == [{"run_ids": [RUN]}]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP"])
def test_other_signals_leave_the_turn_to_the_server(turns: TurnServer, agent: AgentState, number: str) -> None:
    turns.add_turn(said("One"), is_held=True)
    with Running("chat", agent.id, base_url=turns.base_url, stdin=b"Count") as running:
        running.stdout.wait_for("One")
        running.signal(getattr(signal, number))
        done = running.end()
    assert done == Done(128 + getattr(signal, number), "One\n", "Interrupted; the server may complete the turn.\n")
    assert not turns.cancelled


@pytest.mark.skipif(sys.platform == "win32", reason="needs /bin/sh")
def test_a_reader_that_leaves_ends_it(turns: TurnServer, agent: AgentState) -> None:
    turns.add_turn(*[said("word\n")] * 20_000, stopped())
    head = ["/bin/sh", "-c", '"$@" | head -n 1', "sh", *PROGRAM]
    with Running("chat", agent.id, base_url=turns.base_url, stdin=b"Count", program=head) as running:
        done = running.end()
    assert (done.stdout, done.stderr) == ("word\n", "")
