"""The command `chat` on a terminal: prompts, turns, approvals, Ctrl-C, and the end."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from letta_async import Letta
from letta_async.types.agent import AgentState
from tests.cli.processes import Terminal, plain
from tests.cli.turns import RUN, TurnServer, asked, called, failed, returned, said, stopped, thought
from tests.waiting import eventually

MODEL = "letta/letta-free"
WAITS = "CONFLICT: Cannot send a new message: The agent is waiting for approval on a tool call."


@pytest.fixture
def turns() -> Iterator[TurnServer]:
    with TurnServer() as running:
        yield running
        running.release()


@pytest.fixture
def agent(turns: TurnServer) -> AgentState:
    with Letta(base_url=turns.base_url) as client:
        return client.agents.create(name="assistant", model=MODEL, embedding=MODEL)


def prompt(terminal: Terminal, number: int) -> None:
    """Wait for a prompt, the first of which is number 1."""
    terminal.screen.wait_for("\n> ", times=number)


def test_line_after_line_is_answered_until_the_end(turns: TurnServer, agent: AgentState) -> None:
    with Terminal("chat", "assistant", base_url=turns.base_url) as terminal:
        prompt(terminal, 1)
        terminal.type("Hello, you!\n")
        prompt(terminal, 2)
        terminal.type("   \n")
        prompt(terminal, 3)
        terminal.type("/quit\n")
        done = terminal.end()
    assert done.code == 0
    lines = plain(done.stderr).splitlines()
    assert lines[0] == f"Chat with assistant ({agent.id}). /quit or Ctrl-D ends it, Ctrl-C ends a turn."
    assert [line.rstrip() for line in lines[1:]] == ["> Hello, you!", "Hello, you!", ">", "> /quit"]


def test_ctrl_d_ends_it(turns: TurnServer, agent: AgentState) -> None:
    with Terminal("chat", agent.id, base_url=turns.base_url) as terminal:
        prompt(terminal, 1)
        terminal.type("\x04")
        assert terminal.end().code == 0


def test_a_line_can_be_edited_and_called_back(turns: TurnServer, agent: AgentState) -> None:
    with Terminal("chat", agent.id, base_url=turns.base_url) as terminal:
        prompt(terminal, 1)
        terminal.type("world\x01hello \n")  # Ctrl-A goes to the beginning
        terminal.screen.wait_for("\nhello world\n")
        prompt(terminal, 2)
        terminal.type("\x10\n")  # Ctrl-P is the line before
        terminal.screen.wait_for("\nhello world\n", times=2)


def test_an_answer_comes_piece_by_piece(turns: TurnServer, agent: AgentState) -> None:
    turns.add_turn(thought("Because."), said("One, "), said("two"), is_held=True)
    with Terminal("chat", agent.id, "--reasoning", base_url=turns.base_url) as terminal:
        prompt(terminal, 1)
        terminal.type("Count\n")
        terminal.screen.wait_for("One, two")
        turns.wait_until_holding()
        assert "\x1b[2mBecause.\x1b[22m" in terminal.screen.text
    assert turns.sent[0][1]["stream_tokens"] is True


def test_ctrl_c_ends_the_turn_and_not_the_chat(turns: TurnServer, agent: AgentState) -> None:
    turns.add_turn(said("One, two"), is_held=True)
    with Terminal("chat", agent.id, base_url=turns.base_url) as terminal:
        prompt(terminal, 1)
        terminal.type("Count\n")
        terminal.screen.wait_for("One, two")
        terminal.type("\x03")
        terminal.screen.wait_for("Cancelled.\n> ")
        assert turns.cancelled == [{"run_ids": [RUN]}]
        terminal.type("And now?\n")
        terminal.screen.wait_for("\nAnd now?\n")
        prompt(terminal, 3)
        terminal.type("\x04")
        assert terminal.end().code == 0


def test_a_turn_that_cannot_be_cancelled_is_told(turns: TurnServer, agent: AgentState) -> None:
    turns.cancel_status = 409
    turns.add_turn(said("One"), is_held=True)
    with Terminal("chat", agent.id, base_url=turns.base_url) as terminal:
        prompt(terminal, 1)
        terminal.type("Count\n")
        terminal.screen.wait_for("\nOne")
        terminal.type("\x03")
        terminal.screen.wait_for("error: the turn was not cancelled, the server may complete it: ")
        prompt(terminal, 2)


def test_ctrl_c_while_it_cancels_leaves_the_turn_alone(turns: TurnServer, agent: AgentState) -> None:
    turns.cancel_status = None
    turns.add_turn(said("One"), is_held=True)
    with Terminal("chat", agent.id, base_url=turns.base_url) as terminal:
        prompt(terminal, 1)
        terminal.type("Count\n")
        terminal.screen.wait_for("\nOne")
        terminal.type("\x03")
        assert eventually(lambda: bool(turns.cancelled))
        terminal.type("\x03")
        terminal.screen.wait_for("Interrupted; the server may complete the turn.")
        prompt(terminal, 2)


def test_ctrl_c_before_anything_came_cancels_nothing(turns: TurnServer, agent: AgentState) -> None:
    turns.add_turn(is_held=True)
    with Terminal("chat", agent.id, base_url=turns.base_url) as terminal:
        prompt(terminal, 1)
        terminal.type("Count\n")
        turns.wait_until_holding()
        terminal.type("\x03")
        terminal.screen.wait_for("Interrupted before the server began to respond")
        prompt(terminal, 2)
    assert not turns.cancelled


def test_ctrl_c_on_an_empty_line_ends_it(turns: TurnServer, agent: AgentState) -> None:
    with Terminal("chat", agent.id, base_url=turns.base_url) as terminal:
        prompt(terminal, 1)
        terminal.interrupt()
        done = terminal.end()
    assert done.code == 130
    assert "Traceback" not in done.stderr


def test_ctrl_c_on_a_line_that_is_begun_drops_it(turns: TurnServer, agent: AgentState) -> None:
    with Terminal("chat", agent.id, base_url=turns.base_url) as terminal:
        prompt(terminal, 1)
        terminal.type("nonsense")
        terminal.screen.wait_for("> nonsense")
        terminal.interrupt()
        terminal.screen.wait_for("Ctrl-C once more ends the chat.")
        prompt(terminal, 2)
        terminal.type("sense\n")
        terminal.screen.wait_for("\nsense\n")
        prompt(terminal, 3)
        terminal.type("more")
        terminal.screen.wait_for("> more")
        terminal.interrupt()
        prompt(terminal, 4)
        terminal.type("most")
        terminal.screen.wait_for("> most")
        terminal.interrupt()
        assert terminal.end().code == 130


def test_a_turn_that_fails_does_not_end_it(turns: TurnServer, agent: AgentState) -> None:
    turns.add_turn(failed("The model failed."))
    with Terminal("chat", agent.id, base_url=turns.base_url) as terminal:
        prompt(terminal, 1)
        terminal.type("Hello?\n")
        terminal.screen.wait_for("error: the turn failed: The model failed.\n> ")
        turns.script("POST", "*/messages/stream", hang_up=True)
        terminal.type("Still there?\n")
        prompt(terminal, 3)
        terminal.type("Yes?\n")
        terminal.screen.wait_for("\nYes?\n")
        prompt(terminal, 4)
        terminal.type("\x04")
        assert terminal.end().code == 0
    assert terminal.screen.text.count("error: ") == 2


def test_approvals_are_asked_for_and_sent(turns: TurnServer, agent: AgentState) -> None:
    turns.add_turn(
        asked("delete", None),
        asked(None, '{"all": '),
        asked(None, "true}"),
        asked("rename", "{}", call_id="call_2"),
        asked("wipe", "{}", call_id="call_3"),
        stopped("requires_approval"),
    )
    turns.add_turn(returned("denied", status="error"), called("again", "{}"), said("Well.", number=3), stopped())
    with Terminal("chat", agent.id, base_url=turns.base_url) as terminal:
        prompt(terminal, 1)
        terminal.type("Clean up\n")
        terminal.screen.wait_for('The agent asks to call delete({"all": true}): y, or n and a reason.\napprove? [y/N] ')
        terminal.type("n too risky\n")
        terminal.screen.wait_for("call rename({}): y, or n and a reason.\napprove? [y/N] ")
        terminal.type("y\n")
        terminal.screen.wait_for("call wipe({}): y, or n and a reason.\napprove? [y/N] ")
        terminal.type("\n")
        terminal.screen.wait_for("\nWell.\n> ")
        terminal.type("\x10")  # what was answered is no part of the history
        terminal.screen.wait_for("> Clean up", times=2)
    (message,) = turns.sent[1][1]["messages"]
    assert message["type"] == "approval"
    decisions = [(each["tool_call_id"], each["approve"], each.get("reason")) for each in message["approvals"]]
    assert decisions == [("call_1", False, "too risky"), ("call_2", True, None), ("call_3", False, None)]


@pytest.mark.parametrize("in_conversation", [False, True], ids=["agent", "conversation"])
def test_what_waits_since_before_is_asked_for(turns: TurnServer, agent: AgentState, in_conversation: bool) -> None:
    options: list[str] = []
    if in_conversation:
        with Letta(base_url=turns.base_url) as client:
            options = ["--conversation", client.conversations.create(agent_id=agent.id).id]
    turns.latest = [said("Shall I?"), asked("delete", "{}")]
    turns.add_turn(failed(WAITS))
    turns.add_turn(said("Done."), stopped())
    with Terminal("chat", agent.id, *options, base_url=turns.base_url) as terminal:
        prompt(terminal, 1)
        terminal.type("Hello?\n")
        terminal.screen.wait_for("The message was not taken: the agent waits for a decision.")
        terminal.screen.wait_for("call delete({}): y, or n and a reason.\napprove? [y/N] ")
        terminal.type("yes\n")
        terminal.screen.wait_for("\nDone.\n> ")
    assert turns.sent[1][1]["messages"][0]["approvals"][0]["approve"] is True


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_a_signal_while_what_waits_is_looked_for(
    turns: TurnServer, agent: AgentState, number: signal.Signals, code: int
) -> None:
    turns.latest = [asked("delete", "{}")]
    turns.is_list_held = True
    turns.add_turn(failed(WAITS))
    with Terminal("chat", agent.id, base_url=turns.base_url) as terminal:
        prompt(terminal, 1)
        terminal.type("Hello?\n")
        turns.wait_until_holding()
        terminal.signal(number)
        if not code:
            prompt(terminal, 2)
            terminal.type("\x04")
        done = terminal.end()
    assert done.code == code
    assert "fault" not in done.stderr


def test_ctrl_c_at_an_approval_leaves_it_undecided(turns: TurnServer, agent: AgentState) -> None:
    turns.add_turn(asked("delete", "{}"), stopped("requires_approval"))
    with Terminal("chat", agent.id, base_url=turns.base_url) as terminal:
        prompt(terminal, 1)
        terminal.type("Clean up\n")
        terminal.screen.wait_for("[y/N] ")
        terminal.interrupt()
        terminal.screen.wait_for("Undecided: ")
        prompt(terminal, 2)
    assert len(turns.sent) == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("in_turn", [False, True], ids=["prompt", "turn"])
def test_other_signals_end_it(
    turns: TurnServer, agent: AgentState, number: signal.Signals, code: int, in_turn: bool
) -> None:
    turns.add_turn(said("One"), is_held=True)
    with Terminal("chat", agent.id, base_url=turns.base_url) as terminal:
        prompt(terminal, 1)
        if in_turn:
            terminal.type("Count\n")
            terminal.screen.wait_for("\nOne")
        terminal.wait_until_asleep()
        terminal.signal(number)
        done = terminal.end()
    assert done.code == code
    assert "Interrupted" in done.stderr
    assert "Traceback" not in done.stderr
    assert not turns.cancelled


def test_a_terminal_that_is_closed_ends_it(turns: TurnServer, agent: AgentState) -> None:
    turns.add_turn(said("One"), is_held=True)
    with Terminal("chat", agent.id, base_url=turns.base_url, unread=True) as terminal:
        terminal.type("Count\n")
        turns.wait_until_holding()
        terminal.hang_up()
        assert terminal.end().code == 129


def test_a_terminal_that_is_closed_at_the_prompt_ends_it(turns: TurnServer, agent: AgentState) -> None:
    with Terminal("chat", agent.id, base_url=turns.base_url, unread=True) as terminal:
        terminal.type("Hello?\n")
        assert eventually(lambda: bool(turns.requests) and turns.requests[-1].path.endswith("/stream"))
        terminal.wait_until_asleep()
        terminal.hang_up()
        assert terminal.end().code == 129


def test_events_go_to_a_pipe_and_the_prompt_to_the_terminal(turns: TurnServer, agent: AgentState) -> None:
    with Terminal("chat", agent.id, "--json", base_url=turns.base_url, piped=True) as terminal:
        prompt(terminal, 1)
        terminal.type("Hello?\n")
        prompt(terminal, 2)
        terminal.type("\x04")
        done = terminal.end()
    assert done.code == 0
    assert [each["message_type"] for each in done.jsonl][-2:] == ["stop_reason", "usage_statistics"]
    assert "message_type" not in done.stderr


def test_ctrl_c_without_editing_ends_it_at_the_second_time(turns: TurnServer, agent: AgentState) -> None:
    with Terminal("chat", agent.id, base_url=turns.base_url, piped=True) as terminal:
        prompt(terminal, 1)
        terminal.interrupt()
        terminal.screen.wait_for("Ctrl-C once more ends the chat.")
        prompt(terminal, 2)
        terminal.interrupt()
        assert terminal.end().code == 130


def test_a_prompt_that_nobody_would_see_is_refused(turns: TurnServer, agent: AgentState) -> None:
    with Terminal("chat", agent.id, base_url=turns.base_url, blind=True) as terminal:
        done = terminal.end()
    assert done.code == 2
    assert "neither standard output nor standard error is a terminal" in done.stdout
